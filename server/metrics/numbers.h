#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/metrics/histogram.h"

/// What the parts of a node count, as plain values: what the metrics' rows are printed from.
namespace mydht::metrics {

/// The methods as requests are counted by, in the order of http::Method.
inline constexpr std::size_t kMethods = 7;
/// 1xx to 5xx.
inline constexpr std::size_t kStatusClasses = 5;

/// What an HTTP server has done since it was made.
struct HttpNumbers {
  std::uint64_t openConnections = 0;
  std::uint64_t connections = 0;  ///< opened so far
  std::uint64_t malformed = 0;    ///< heads refused
  std::uint64_t tooBusy = 0;      ///< requests refused because their loop had too much to do
  std::uint64_t turnedAway = 0;   ///< connections beyond the limits
  std::uint64_t bytesIn = 0;
  std::uint64_t bytesOut = 0;
  std::uint64_t fromNodes = 0;  ///< other nodes' calls answered; not among the requests
  std::array<std::array<std::uint64_t, kStatusClasses>, kMethods> requests{};  ///< answered, by method and status
  DurationValues durations;                                                    ///< of those requests

  std::uint64_t allRequests() const {
    std::uint64_t all = 0;
    for (const auto& ofMethod : requests) {
      for (const std::uint64_t count : ofMethod) all += count;
    }
    return all;
  }
};

/// What the disk has done.
struct DiskNumbers {
  std::uint64_t syncs = 0;    ///< of the database's log since the start, each for all the batches that waited
  std::uint64_t batches = 0;  ///< written since the directory was made
};

/// What the system says of this process.
struct ProcessNumbers {
  double cpuSeconds = 0;
  double startedAtSeconds = 0;  ///< since 1970
  std::uint64_t residentBytes = 0;
  std::uint64_t virtualBytes = 0;
  std::uint64_t openFiles = 0;
  std::uint64_t mostOpenFiles = 0;
};

/// All of it, as a node hands it to whoever prints it.
struct Numbers {
  HttpNumbers http;
  DiskNumbers disk;
  ProcessNumbers process;
};

}  // namespace mydht::metrics
