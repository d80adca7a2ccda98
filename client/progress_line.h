#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mydht::client {

/// How far a transfer is. A value.
struct ProgressState {
  std::uint64_t bytes = 0;                  ///< so far
  std::optional<std::uint64_t> totalBytes;  ///< if it is known
  std::uint64_t files = 0;                  ///< done
  std::optional<std::uint64_t> totalFiles;  ///< left out of the line if it is about one value alone
  double bytesPerSecond = 0;                ///< lately
  double elapsedSeconds = 0;
};

/// Bytes for people: `999 B`, `1.5 MiB`.
std::string sizeText(std::uint64_t bytes);

/// Seconds for people: `0:04`, `1:02:03`.
std::string durationText(double seconds);

/// One line of at most `columns` characters: a bar, share, sizes, rate and the time left; without a known total no bar
/// and the time since the beginning.
std::string progressLine(const ProgressState& state, std::size_t columns);

}  // namespace mydht::client
