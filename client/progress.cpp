#include "client/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "client/file_handle.h"

namespace mydht::client {

namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What takes less needs no bar.
constexpr auto kBeforeFirst = seconds(1);
constexpr auto kBetween = milliseconds(100);
/// The rate is that of so long, so that it follows a change and still does not jump.
constexpr auto kRateOver = seconds(5);

constexpr std::size_t kUsualColumns = 80;

std::size_t terminalColumns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  // The last column stays free: some terminals would begin a new line there.
  return (known ? size.ws_col : kUsualColumns) - 1;
}

double secondsBetween(Progress::Clock::time_point from, Progress::Clock::time_point to) {
  return duration<double>(to - from).count();
}

void writeToTerminal(const std::string& text) {
  // A bar that cannot be shown is no reason to stop a transfer.
  static_cast<void>(writeAll(STDERR_FILENO, text).ok());
}

}  // namespace

Progress::Progress(bool wanted, About about)
    : drawn_(wanted && ::isatty(STDERR_FILENO) == 1),
      about_(about),
      begun_(Clock::now()),
      totalIsKnown_(about == About::OneValue),
      next_(begun_ + kBeforeFirst) {
  samples_.emplace_back(begun_, 0);
}

Progress::~Progress() {
  if (visible_) writeToTerminal("\r\033[K");
}

void Progress::add(std::uint64_t bytes) {
  bytes_ += bytes;
  drawIfDue();
}

void Progress::addFile() {
  ++files_;
  drawIfDue();
}

void Progress::drawIfDue() {
  if (!drawn_) return;
  const std::unique_lock lock(drawing_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  const auto now = Clock::now();
  if (now >= next_) draw(now);
}

void Progress::draw(Clock::time_point now) {
  ProgressState state;
  state.bytes = bytes_;
  const std::uint64_t expected = expectedBytes_;
  if (totalIsKnown_ && expected > 0) state.totalBytes = expected;
  if (about_ == About::Files) {
    state.files = files_;
    state.totalFiles = expectedFiles_;
  }
  state.bytesPerSecond = rate(now);
  state.elapsedSeconds = secondsBetween(begun_, now);
  writeToTerminal("\r" + progressLine(state, terminalColumns()) + "\033[K");
  visible_ = true;
  next_ = now + kBetween;
}

double Progress::rate(Clock::time_point now) {
  const std::uint64_t bytes = bytes_;
  samples_.emplace_back(now, bytes);
  while (samples_.size() > 2 && now - samples_[1].first > kRateOver) samples_.pop_front();
  const auto& [since, before] = samples_.front();
  const double elapsed = secondsBetween(since, now);
  return bytes > before && elapsed > 0 ? static_cast<double>(bytes - before) / elapsed : 0;
}

Result<std::size_t> CountedBody::read(std::span<char> into) {
  const auto got = body_.read(into);
  if (!got) return got;
  counted_ += *got;
  progress_.add(*got);
  return got;
}

bool CountedBody::rewind() {
  progress_.takeBack(std::exchange(counted_, 0));
  return body_.rewind();
}

}  // namespace mydht::client
