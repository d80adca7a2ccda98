#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "server/http/message.h"

namespace mydht::http {

/// One answer, as a log tells it. Its parts are borrowed, and there while it is told.
struct Answered {
  const Remote& remote;
  const RequestHead* head = nullptr;  ///< null: what came was no request
  int status = 0;
  std::optional<std::uint64_t> bodyBytes;  ///< nothing where it was not known beforehand
  Duration took{};
};

/// Told of each answer to a client: server/node writes them to a file. Called on each loop, and never to wait.
class AccessLog {
 public:
  virtual void note(const Answered& answered) = 0;

 protected:
  ~AccessLog() = default;
};

/// An answer as one line of Apache's combined format, with its line end:
/// `127.0.0.1 - - [20/Nov/2026:08:15:04 +0000] "GET /k HTTP/1.1" 200 5 "-" "curl/7.88"`. The time is UTC. Quotes and
/// backslashes have a backslash in front, bytes that do not print are written as a backslash, x and two digits, and
/// what is too long is cut, so that one answer is one line whatever was sent.
std::string combinedLine(const Answered& answered, std::int64_t wallMicros);

}  // namespace mydht::http
