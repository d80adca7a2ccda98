#include "server/node/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "common/protocol/signature.h"
#include "server/runtime/descriptor.h"

namespace mydht::node {
namespace {

/// A secret is one line: what lies beyond this is not looked at.
constexpr std::size_t kMostBytes = 64 * 1024;

Error noSecret(const std::string& path, const std::string& why) {
  return {Kind::Io, fmt::format("no secret in {}: {}", path, why)};
}

/// The reason, and what the user can do about the two that everybody meets once.
std::string adviceOn(const std::string& path, int reason) {
  const std::string text = std::generic_category().message(reason);
  if (reason == ENOENT) {
    return text + ": make one with --new-secret FILE on one node, and give all others a copy";
  }
  if (reason == EACCES) {
    const passwd* const user = ::getpwuid(::geteuid());
    const std::string name = user == nullptr ? std::to_string(::geteuid()) : user->pw_name;
    return fmt::format("{}: this program runs as user {}: chown {} {}", text, name, name, path);
  }
  return text;
}

Error cannot(const std::string& path, int reason) {
  return {Kind::Io, fmt::format("cannot write a secret to {}: {}", path, std::generic_category().message(reason))};
}

std::string lineOfSecret(Random& random) {
  constexpr int kNumbers = 4;  // of 64 bits each
  std::string line;
  for (int i = 0; i < kNumbers; ++i) line += fmt::format("{:016x}", random.next());
  return line + '\n';
}

/// 0, or why not.
int writeAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

Result<std::string> readSecretFile(const std::string& path) {
  const runtime::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return noSecret(path, adviceOn(path, errno));
  std::string text;
  std::array<char, 4096> piece{};
  while (text.size() < kMostBytes) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return noSecret(path, std::generic_category().message(errno));
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  const std::string_view secret = protocol::secretOf(text);
  if (secret.empty()) return noSecret(path, "its first line is empty");
  return std::string(secret);
}

Status writeNewSecret(const std::string& path, Random& random) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) {
    return Error{Kind::Conflict, fmt::format("{} exists already and was left as it is: a ring that has that secret "
                                             "would refuse whoever has a new one",
                                             path)};
  }
  if (file < 0) return cannot(path, errno);
  const int failed = writeAll(file, lineOfSecret(random));
  ::close(file);  // what it held is synced
  if (failed == 0) return {};
  ::unlink(path.c_str());
  return cannot(path, failed);
}

}  // namespace mydht::node
