#include "tests/support/processes/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/processes/process.h"

namespace mydht::support {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);
constexpr int kBetweenLooksMillis = 10;

/// The child's side, between fork and exec: system calls only.
[[noreturn]] void become(const std::vector<char*>& arguments, const std::vector<char*>& variables,
                         const char* directory) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(directory) == 0) ::execvpe(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Terminal::Terminal(std::vector<std::string> command, const std::string& directory, std::vector<std::string> variables) {
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string variable = *at;
    if (!variable.starts_with("MYDHT_")) variables.push_back(variable);
  }
  const std::vector<char*> arguments = pointersTo(command);
  const std::vector<char*> environment = pointersTo(variables);
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 80;
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ == 0) become(arguments, environment, directory.c_str());
  if (pid_ < 0) throw std::runtime_error("no pseudo-terminal");
  ::fcntl(terminal_, F_SETFD, FD_CLOEXEC);
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

void Terminal::type(const std::string& text) {
  if (::write(terminal_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("the terminal takes nothing");
  }
}

const std::string& Terminal::printed() {
  while (readMore(0)) {
  }
  return printed_;
}

bool Terminal::awaits(const std::string& text) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const std::size_t found = printed_.find(text, looked_);
    if (found != std::string::npos) {
      looked_ = found + text.size();
      return true;
    }
    if (over_ || std::chrono::steady_clock::now() >= end) return false;
    readMore(kBetweenLooksMillis);
  }
}

std::optional<int> Terminal::finish() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!over_ && std::chrono::steady_clock::now() < end) readMore(kBetweenLooksMillis);
  int state = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &state, WNOHANG) == pid_; });
  if (!ended) return std::nullopt;
  pid_ = -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

/// Whether there was something.
bool Terminal::readMore(int milliseconds) {
  pollfd entry{terminal_, POLLIN, 0};
  if (over_ || ::poll(&entry, 1, milliseconds) <= 0) return false;
  char bytes[4096];
  const ssize_t got = ::read(terminal_, bytes, sizeof bytes);
  if (got > 0) printed_.append(bytes, static_cast<std::size_t>(got));
  over_ = got <= 0;  // EIO: nobody has the other end any more
  return got > 0;
}

}  // namespace mydht::support
