#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result/result.h"

namespace mydht::client {

/// Where a value that is fetched goes. Nothing of it is to be seen before open(), and as little as can be before
/// commit(). Owned by the command; one thread; errors are one line for the user.
class Output {
 public:
  virtual ~Output() = default;
  virtual Status open() = 0;
  virtual Status write(std::string_view piece) = 0;
  /// The value is whole and right. Without this call it is given up.
  virtual Status commit() = 0;
};

/// Standard output; a line end follows the value if asked. A value of up to limits::kInlineBytes is printed only when
/// it is whole.
std::unique_ptr<Output> standardOutput(bool withLineEnd);

/// Standard output that is a terminal, a line end behind the value: refuses, with nothing printed, what is over 1 KiB
/// and what would not show as text.
std::unique_ptr<Output> terminalOutput();

/// Whether standard output is a terminal.
bool outputIsTerminal();

/// A file that appears, or takes the place of an older one, only when it is whole and synced; links are followed. What
/// exists and is no regular file (a pipe, a device) is written to as it comes.
std::unique_ptr<Output> fileOutput(std::string name);

/// Prints one line to standard output.
Status printLine(std::string_view line);

/// Prints bytes as they are to standard output.
Status print(std::string_view bytes);

}  // namespace mydht::client
