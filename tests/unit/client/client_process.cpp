#include "tests/unit/client/client_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

extern char** environ;

namespace mydht::client {

namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  int ends[2];
};

std::vector<std::string> environmentWith(const ClientProcess::Environment& added) {
  std::vector<std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    if (std::strncmp(*at, "MYDHT_", 6) != 0) all.emplace_back(*at);
  }
  for (const auto& [name, value] : added) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void closeOnce(int& handle) {
  if (handle >= 0) ::close(handle);
  handle = -1;
}

}  // namespace

ClientProcess::ClientProcess(const std::vector<std::string>& words, const Environment& environment) {
  Pipe in;
  Pipe out;
  Pipe err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
  // A program that ends without reading its input must not end the test by SIGPIPE; for itself it is as ever.
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t asEver;
  sigemptyset(&asEver);
  sigaddset(&asEver, SIGPIPE);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &asEver);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> arguments = {MYDHT_CLIENT};
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<std::string> variables = environmentWith(environment);
  const int error = ::posix_spawn(&process_, MYDHT_CLIENT, &actions, &attributes, pointersTo(arguments).data(),
                                  pointersTo(variables).data());
  EXPECT_EQ(error, 0) << "cannot start " << MYDHT_CLIENT;
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(in.ends[0]);
  ::close(out.ends[1]);
  ::close(err.ends[1]);
  in_ = in.ends[1];
  out_ = out.ends[0];
  err_ = err.ends[0];
}

ClientProcess::~ClientProcess() {
  closeInput();
  closeOnce(out_);
  closeOnce(err_);
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void ClientProcess::write(const std::string& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(in_, bytes.data() + done, bytes.size() - done);
    if (written <= 0) return;  // it may have ended without reading
    done += static_cast<std::size_t>(written);
  }
}

void ClientProcess::closeInput() {
  closeOnce(in_);
}

void ClientProcess::signal(int number) {
  EXPECT_EQ(::kill(process_, number), 0);
}

bool ClientProcess::hasOpenIn(const std::string& directory) const {
  const std::string place = std::filesystem::weakly_canonical(directory).string() + "/";
  std::error_code ended;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process_) + "/fd", ended)) {
    const auto target = std::filesystem::read_symlink(entry.path(), ended);
    if (!ended && target.string().starts_with(place)) return true;
  }
  return false;
}

Ran ClientProcess::finish() {
  closeInput();
  Ran ran;
  pollfd entries[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  std::string* texts[] = {&ran.out, &ran.err};
  while (entries[0].fd >= 0 || entries[1].fd >= 0) {
    ::poll(entries, 2, -1);
    for (std::size_t i = 0; i < 2; ++i) {
      if (entries[i].fd < 0 || entries[i].revents == 0) continue;
      char bytes[65536];
      const ssize_t got = ::read(entries[i].fd, bytes, sizeof bytes);
      if (got > 0) {
        texts[i]->append(bytes, static_cast<std::size_t>(got));
      } else {
        entries[i].fd = -1;
      }
    }
  }
  int status = 0;
  EXPECT_EQ(::waitpid(process_, &status, 0), process_);
  process_ = -1;
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

Ran runClient(const std::vector<std::string>& words, const std::string& input,
              const ClientProcess::Environment& environment) {
  ClientProcess process(words, environment);
  process.write(input);
  return process.finish();
}

TestFolder::TestFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "mydhtclient-test-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestFolder::write(const std::string& name, const std::string& bytes) const {
  std::ofstream(path(name), std::ios::binary) << bytes;
  return path(name);
}

std::string TestFolder::read(const std::string& name) const {
  std::ifstream file(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> TestFolder::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mydht::client
