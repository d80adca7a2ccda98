#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/head.h"
#include "common/http/response_text.h"

namespace mydht::http {

/// What a connection needs only while a request is under way: the bytes that came, their head, the bytes to send. Lent
/// to one connection at a time by its loop's ExchangePool, so that an idle connection holds none of it.
struct Exchange {
  /// Enough for nearly every head, and for a hundred short ones that come together.
  static constexpr std::size_t kInputBytes = 8 * 1024;

  std::vector<char> input = std::vector<char>(kInputBytes);
  std::size_t begin = 0;  ///< of what is not consumed yet
  std::size_t end = 0;
  HeadText output;
  RequestHead head;  ///< of the request under way; its text lies in `input`
};

/// The exchanges of one loop that nobody uses. Owned by the loop's part of a server; own thread.
class ExchangePool {
 public:
  std::unique_ptr<Exchange> take() {
    if (free_.empty()) return std::make_unique<Exchange>();
    auto exchange = std::move(free_.back());
    free_.pop_back();
    return exchange;
  }

  /// Takes one back, empty. One that grew, or one too many, is freed.
  void give(std::unique_ptr<Exchange> exchange) {
    if (free_.size() == kMost || exchange->input.size() > Exchange::kInputBytes) return;
    exchange->begin = exchange->end = 0;
    exchange->output.clear();
    if (exchange->output.room() > kOutputKept) exchange->output.release();
    free_.push_back(std::move(exchange));
  }

 private:
  /// Room for answers that is kept: what a few small ones need.
  static constexpr std::size_t kOutputKept = 8 * 1024;
  /// As many as are busy in one turn of a loop under load: 1 to 2 MiB a loop.
  static constexpr std::size_t kMost = 128;
  std::vector<std::unique_ptr<Exchange>> free_;
};

}  // namespace mydht::http
