#include "tests/system/big_values/stream.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "common/http/head.h"

namespace mydht {
namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr timeval kPatience{60, 0};

/// A connection to a node on this machine, which blocks.
class Connected {
 public:
  explicit Connected(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Connected(const Connected&) = delete;
  Connected& operator=(const Connected&) = delete;
  ~Connected() { ::close(descriptor_); }

  bool send(std::string_view bytes) {
    while (ok_ && !bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ok_ = sent > 0;
      if (ok_) bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return ok_;
  }
  std::size_t receive(char* to, std::size_t most) {
    const auto got = ok_ ? ::recv(descriptor_, to, most, 0) : -1;
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  /// Receives the next answer's head; what came behind it is in `rest`.
  bool readHead(http::ResponseHead& head, std::string& text, std::string& rest) {
    while (true) {
      const auto outcome = http::parseResponseHead(text, http::Method::Get, head);
      if (outcome.bad()) return false;
      if (outcome.done()) {
        rest = text.substr(outcome.consumed);
        return true;
      }
      char room[4096];
      const std::size_t got = receive(room, sizeof room);
      if (got == 0) return false;
      text.append(room, got);
    }
  }

 private:
  int descriptor_;
  bool ok_ = false;
};

/// The answer to an upload, its body with it.
void readAnswer(Connected& connection, Streamed& streamed) {
  http::ResponseHead head;
  std::string text;
  if (!connection.readHead(head, text, streamed.text)) return;
  streamed.status = head.status;
  while (streamed.text.size() < head.contentLength.value_or(0)) {
    char room[4096];
    const std::size_t got = connection.receive(room, sizeof room);
    if (got == 0) return;
    streamed.text.append(room, got);
  }
}

}  // namespace

void fillPattern(std::uint64_t seed, std::uint64_t offset, char* to, std::size_t bytes) {
  while (bytes > 0) {
    // SplitMix64 of the eight bytes' number.
    std::uint64_t word = (offset / 8 + 1) * 0x9e3779b97f4a7c15 + seed;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    word ^= word >> 31;
    const std::size_t from = offset % 8;
    const std::size_t count = std::min<std::size_t>(8 - from, bytes);
    std::memcpy(to, reinterpret_cast<const char*>(&word) + from, count);
    offset += count;
    to += count;
    bytes -= count;
  }
}

Streamed putPattern(std::uint16_t port, const std::string& target, std::uint64_t seed, std::uint64_t size,
                    const std::function<bool(std::uint64_t)>& before) {
  Streamed streamed;
  Connected connection(port);
  connection.send("PUT " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) +
                  "\r\n\r\n");
  std::string piece(kPiece, '\0');
  while (streamed.bytes < size) {
    if (before && !before(streamed.bytes)) return streamed;
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - streamed.bytes));
    fillPattern(seed, streamed.bytes, piece.data(), bytes);
    if (!connection.send({piece.data(), bytes})) break;
    streamed.bytes += bytes;
  }
  streamed.whole = streamed.bytes == size;
  readAnswer(connection, streamed);
  return streamed;
}

Streamed getPattern(std::uint16_t port, const std::string& target, std::uint64_t seed, std::uint64_t first,
                    std::uint64_t bytes, const std::function<bool(std::uint64_t)>& before) {
  Streamed streamed;
  Connected connection(port);
  connection.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + std::to_string(first) + "-" +
                  std::to_string(first + bytes - 1) + "\r\n\r\n");
  http::ResponseHead head;
  std::string text;
  std::string piece;
  if (!connection.readHead(head, text, piece)) return streamed;
  streamed.status = head.status;
  const bool asked = head.status == 206 && head.contentLength == bytes;
  std::string expected(kPiece, '\0');
  while (asked && streamed.right && streamed.bytes < bytes) {
    if (before && !before(streamed.bytes)) return streamed;
    if (piece.empty()) {
      piece.resize(kPiece);
      piece.resize(connection.receive(piece.data(), piece.size()));
      if (piece.empty()) return streamed;
    }
    fillPattern(seed, first + streamed.bytes, expected.data(), piece.size());
    streamed.right = std::memcmp(piece.data(), expected.data(), piece.size()) == 0;
    streamed.bytes += piece.size();
    piece.clear();
  }
  streamed.whole = streamed.bytes == bytes;
  if (!asked) streamed.text = piece;
  return streamed;
}

}  // namespace mydht
