#include "tests/support/processes/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

namespace mydht::support {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);

std::string contentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The child's side, between fork and exec: system calls only.
[[noreturn]] void become(const std::vector<char*>& arguments, const char* directory, const char* output,
                         const char* errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int out = ::open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = ::open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, 0);
  ::dup2(out, 1);
  ::dup2(err, 2);
  if (::chdir(directory) == 0) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

std::string programPath(const std::string& name) {
  return std::string(MYDHT_BIN_FOLDER) + "/" + name;
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

Process::Process(std::vector<std::string> command, const std::string& directory, const std::string& name)
    : outputPath_(directory + "/" + name + ".out"), errorsPath_(directory + "/" + name + ".err") {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // What an earlier process of that name said must not be taken for this one's words.
  ::unlink(outputPath_.c_str());
  ::unlink(errorsPath_.c_str());
  pid_ = ::fork();
  // Minus one, waited for, would be any child.
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork for " + name);
  if (pid_ == 0) become(arguments, directory.c_str(), outputPath_.c_str(), errorsPath_.c_str());
}

Process::~Process() {
  if (status()) return;
  signal(SIGKILL);
  wait();
}

void Process::signal(int number) const {
  if (!status_ && pid_ > 0) ::kill(pid_, number);
}

std::optional<int> Process::status() {
  int state = 0;
  if (status_ || ::waitpid(pid_, &state, WNOHANG) != pid_) return status_;
  status_ = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return status_;
}

std::optional<int> Process::wait() {
  eventually([this] { return status().has_value(); });
  return status_;
}

std::string Process::output() const {
  return contentOf(outputPath_);
}

std::string Process::errors() const {
  return contentOf(errorsPath_);
}

Finished runToEnd(std::vector<std::string> command, const std::string& directory) {
  static std::atomic<unsigned> count = 0;
  Process process(std::move(command), directory, "run" + std::to_string(++count));
  const auto status = process.wait();
  return {status.value_or(-1), process.output(), process.errors()};
}

}  // namespace mydht::support
