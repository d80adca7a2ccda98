#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace mydht::support {

/// A program on a terminal of its own, 80 columns wide: what it prints there, and what a user types. Killed at the end
/// if it still runs, and when the test dies. Owned by a test; one thread.
class Terminal {
 public:
  /// `directory`: its working directory; `variables`: NAME=VALUE each, added to the environment.
  Terminal(std::vector<std::string> command, const std::string& directory, std::vector<std::string> variables = {});
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  /// As from the keyboard.
  void type(const std::string& text);
  /// Everything that was printed until now, control bytes and all; line ends are CR LF.
  const std::string& printed();
  /// Whether this is printed within half a minute. From now on only what comes behind it is looked at.
  bool awaits(const std::string& text);
  /// Waits for the program's end for half a minute and says its exit status.
  std::optional<int> finish();

 private:
  bool readMore(int milliseconds);

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string printed_;
  std::size_t looked_ = 0;
  bool over_ = false;
};

}  // namespace mydht::support
