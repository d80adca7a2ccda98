#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mydht::http {

/// The reason phrase of a status, "Unknown" for one that HTTP does not name.
std::string_view reasonPhrase(int status);

/// Text to send: heads of responses or requests, one after another, and small bodies between them, so that pipelined
/// answers go out with one send. Control bytes in what is printed into a head become blanks (RFC 9110, 5.5): no value
/// can end its line or begin another header. Owned by a connection or shared by those of one loop; keeps its room when
/// cleared. One thread.
class HeadText {
 public:
  /// `HTTP/1.1 200 OK`
  void startResponse(int status);
  /// `GET /path HTTP/1.1`. The target is percent-encoded already; bytes that no target can have become %XX all the
  /// same.
  void startRequest(std::string_view method, std::string_view target);
  void header(std::string_view name, std::string_view value);
  void header(std::string_view name, std::uint64_t value);
  /// The empty line that ends the head.
  void end();

  /// Bytes as they are: a body.
  void append(std::string_view bytes);

  /// All of it, until the next call.
  std::string_view text() const { return {buffer_.data(), used_}; }
  std::size_t size() const { return used_; }
  bool empty() const { return used_ == 0; }
  /// Forgets the text, keeps the room.
  void clear() { used_ = 0; }
  /// How many bytes it keeps room for.
  std::size_t room() const { return buffer_.size(); }
  /// Gives the room back.
  void release();

 private:
  char* makeRoom(std::size_t bytes);
  void put(std::string_view clean);

  std::string buffer_;
  std::size_t used_ = 0;
};

}  // namespace mydht::http
