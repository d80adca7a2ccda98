#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mydht::support {

/// Where the programs under test lie.
std::string programPath(const std::string& name);

/// Whether the condition comes true within half a minute.
bool eventually(const std::function<bool()>& condition);

/// One started program, its output kept in two files. Killed at the end if it still runs, and when the test dies. Owned
/// by a test; one thread.
class Process {
 public:
  /// `directory`: its working directory, which exists; `name`: of its files there. Throws if none can be made.
  Process(std::vector<std::string> command, const std::string& directory, const std::string& name);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Its exit status once it has ended (128 + signal if one killed it); nothing while it runs.
  std::optional<int> status();
  /// Waits for its end for half a minute.
  std::optional<int> wait();
  std::string output() const;
  std::string errors() const;

 private:
  std::string outputPath_;
  std::string errorsPath_;
  pid_t pid_;
  std::optional<int> status_;
};

/// A program that was run to its end.
struct Finished {
  int status = -1;
  std::string output;
  std::string errors;
};

Finished runToEnd(std::vector<std::string> command, const std::string& directory);

}  // namespace mydht::support
