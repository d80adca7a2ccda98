#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace mydht::client {

/// How a run of the program ended.
struct Ran {
  int exit = -1;  ///< its status; 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

/// The built program as a process of its own, with none of our MYDHT_ variables. Owned by a test; ended with it.
class ClientProcess {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  explicit ClientProcess(const std::vector<std::string>& words, const Environment& environment = {});
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;
  ~ClientProcess();

  /// Writes to its standard input. The pipe stays open until closeInput() or finish().
  void write(const std::string& bytes);
  void closeInput();
  void signal(int number);
  /// Whether it has a file of that directory open, be it one without a name.
  bool hasOpenIn(const std::string& directory) const;
  /// Reads all that it prints and waits for its end.
  Ran finish();

 private:
  pid_t process_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
};

/// Runs the program to its end.
Ran runClient(const std::vector<std::string>& words, const std::string& input = "",
              const ClientProcess::Environment& environment = {});

/// A directory of its own for a test, gone with it.
class TestFolder {
 public:
  TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder();

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file and says its path.
  std::string write(const std::string& name, const std::string& bytes) const;
  std::string read(const std::string& name) const;
  /// The names in it, in order.
  std::vector<std::string> names() const;

 private:
  std::string path_;
};

}  // namespace mydht::client
