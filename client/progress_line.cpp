#include "client/progress_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace mydht::client {

namespace {

constexpr std::size_t kLongestBar = 40;
constexpr std::size_t kShortestBar = 5;

double shareOf(const ProgressState& state) {
  if (*state.totalBytes == 0) return 1;
  return std::min(static_cast<double>(state.bytes) / static_cast<double>(*state.totalBytes), 1.0);
}

std::string filesText(const ProgressState& state) {
  if (!state.totalFiles) return "";
  return fmt::format("{}/{} files  ", state.files, *state.totalFiles);
}

std::string timeLeftText(const ProgressState& state) {
  const std::uint64_t left = *state.totalBytes - std::min(state.bytes, *state.totalBytes);
  if (left == 0) return "0:00 left";
  if (state.bytesPerSecond < 1) return "stands still";
  return durationText(static_cast<double>(left) / state.bytesPerSecond) + " left";
}

/// The bar in what room the text leaves, "" if that is too little.
std::string barText(double share, std::size_t textWidth, std::size_t columns) {
  constexpr std::size_t kFrame = 3;  // brackets and a blank
  if (columns < textWidth + kFrame + kShortestBar) return "";
  const std::size_t length = std::min(columns - textWidth - kFrame, kLongestBar);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(length));
  return fmt::format("[{}{}] ", std::string(full, '#'), std::string(length - full, '-'));
}

}  // namespace

std::string sizeText(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 999.95 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::string durationText(double seconds) {
  constexpr double kLongest = 3600.0 * 1000;  // beyond that nobody waits, and the line is short
  const auto whole = static_cast<std::uint64_t>(std::clamp(seconds + 0.5, 0.0, kLongest));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string progressLine(const ProgressState& state, std::size_t columns) {
  const std::string rate = sizeText(static_cast<std::uint64_t>(state.bytesPerSecond)) + "/s";
  std::string text = filesText(state);
  std::string bar;
  if (state.totalBytes) {
    const double share = shareOf(state);
    text += fmt::format("{:3}%  {} of {}  {}  {}", static_cast<int>(share * 100), sizeText(state.bytes),
                        sizeText(*state.totalBytes), rate, timeLeftText(state));
    bar = barText(share, text.size(), columns);
  } else {
    text += fmt::format("{}  {}  {}", sizeText(state.bytes), rate, durationText(state.elapsedSeconds));
  }
  return (bar + text).substr(0, columns);
}

}  // namespace mydht::client
