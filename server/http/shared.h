#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/http/date.h"
#include "common/http/head.h"
#include "common/result/limits.h"
#include "server/http/exchange.h"
#include "server/http/load.h"
#include "server/http/settings.h"
#include "server/metrics/numbers.h"
#include "server/runtime/event_loop.h"

namespace mydht::http {

/// The line `Date: ...`, printed once a second. Own thread.
class DateLine {
 public:
  std::string_view at(Time now) {
    if (now >= stale_) print(now);
    return line_;
  }

 private:
  void print(Time now) {
    using namespace std::chrono;
    const auto wall = system_clock::now().time_since_epoch();
    const auto whole = floor<seconds>(wall);
    line_ = "Date: " + std::string(HttpDate(whole.count()).text()) + "\r\n";
    stale_ = now + (whole + seconds(1) - wall);
  }

  std::string line_;
  Time stale_ = Time::min();
};

/// What one loop's connections have done. Written by the loop, read by anybody.
struct Counters {
  using Count = metrics::Count;

  Count connections;  ///< opened so far
  Count requests;     ///< answered so far
  Count malformed;    ///< heads refused
  Count bytesIn;
  Count bytesOut;
  Count fromNodes;  ///< other nodes' calls answered, not counted below
  std::array<std::array<Count, metrics::kStatusClasses>, metrics::kMethods> answers;  ///< by Method and class of status
  metrics::DurationHistogram durations;  ///< from a request's head to the end of its answer

  /// A client's request was answered.
  void answered(Method method, int status, Duration took) {
    answers[static_cast<std::size_t>(method)][static_cast<std::size_t>(status / 100 - 1)].add(1);
    durations.add(static_cast<std::uint64_t>(std::max(took, Duration(0)).count()));
  }
};

/// What the connections of one loop share. Owned by the server's part on that loop, or by that of the calls to other
/// nodes; own thread, the counters excepted.
struct Shared {
  Shared(runtime::EventLoop& on, const Settings& allowed)
      : loop(on), settings(allowed), load(allowed.mostBusy), scratch(std::make_unique<char[]>(kScratchBytes)) {}

  /// Where bodies are received before they are copied in their true size: nobody keeps anything in it across a wait.
  static constexpr std::size_t kScratchBytes = limits::kChunkBytes;

  runtime::EventLoop& loop;
  const Settings& settings;
  Load load;
  ExchangePool pool;
  DateLine date;
  std::unique_ptr<char[]> scratch;
  Counters counters;
};

}  // namespace mydht::http
