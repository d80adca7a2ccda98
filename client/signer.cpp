#include "client/signer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "client/file_handle.h"
#include "common/result/check.h"

namespace mydht::client {

namespace {

/// A secret is a line; what is longer is another file by mistake.
constexpr std::size_t kSecretFileBytes = 4096;

std::string freshNonce() {
  std::array<unsigned char, protocol::kNonceDigits / 2> bytes{};
  // Up to 256 bytes come whole or not at all.
  MYDHT_ASSERT(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::int64_t nowMicros() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

}  // namespace

Result<Signer> Signer::fromFile(const std::string& name) {
  const FileHandle file(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.isOpen()) return fileError("cannot open secret file", name);
  std::string text(kSecretFileBytes, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fileError("cannot read secret file", name);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  const std::string_view secret = protocol::secretOf(std::string_view(text).substr(0, length));
  if (secret.empty()) return Error{Kind::Io, fmt::format("secret file {}: its first line is empty", name)};
  return Signer(std::string(secret));
}

std::string Signer::authorization(const protocol::SignedParts& parts) const {
  return protocol::printSignature(protocol::sign(secret_, parts, nowMicros(), freshNonce()));
}

}  // namespace mydht::client
