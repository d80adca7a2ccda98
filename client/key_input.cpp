#include "client/key_input.h"

#include <unistd.h>

#include <cerrno>

#include "client/file_handle.h"

namespace mydht::client {

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

/// A line that is longer is no key, by far, but some other file by mistake.
constexpr std::size_t kLongestLine = 1024 * 1024;

}  // namespace

Result<std::optional<std::string>> KeyInput::next() {
  while (true) {
    const std::size_t end = held_.find(end_, taken_);
    if (end == std::string::npos && !over_) {
      if (const Status read = readMore(); !read) return read.error();
      continue;
    }
    if (end == std::string::npos && taken_ == held_.size()) return std::optional<std::string>();
    std::string key = held_.substr(taken_, end == std::string::npos ? end : end - taken_);
    taken_ = end == std::string::npos ? held_.size() : end + 1;
    if (!key.empty()) return std::optional(std::move(key));
  }
}

Status KeyInput::readMore() {
  held_.erase(0, taken_);
  taken_ = 0;
  if (held_.size() > kLongestLine) return Error{Kind::TooLarge, "standard input: a line of over 1 MiB is no key"};
  const std::size_t had = held_.size();
  held_.resize(had + kReadBytes);
  ssize_t got = -1;
  do {
    got = ::read(STDIN_FILENO, held_.data() + had, kReadBytes);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fileError("cannot read", "standard input");
  held_.resize(had + static_cast<std::size_t>(got));
  over_ = got == 0;
  return {};
}

}  // namespace mydht::client
