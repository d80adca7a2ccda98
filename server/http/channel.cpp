#include "server/http/channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "common/result/check.h"

namespace mydht::http {

using runtime::Transfer;

Task<> throwAwayInput(runtime::Socket& socket, std::span<char> scratch, Duration silence, Deadline deadline) {
  while (socket.loop().now() < deadline) {
    const auto got = socket.receive(scratch);
    if (got.state == Transfer::State::Some) {
      co_await yieldNow();
    } else if (got.state == Transfer::State::WouldBlock) {
      const Deadline until = std::min(deadline, socket.loop().now() + silence);
      const bool ready = co_await socket.readable(until);
      if (!ready) co_return;
    } else {
      co_return;
    }
  }
}

void Channel::rest() {
  if (exchange_ == nullptr) return;
  MYDHT_ASSERT(inputEmpty() && exchange_->output.empty());
  shared_.pool.give(std::move(exchange_));
}

void Channel::drop() {
  if (exchange_ != nullptr) shared_.pool.give(std::move(exchange_));
  sent_ = 0;
}

Transfer Channel::receiveInput() {
  if (exchange_ == nullptr) exchange_ = shared_.pool.take();
  if (inputEmpty()) exchange_->begin = exchange_->end = 0;
  if (exchange_->end == exchange_->input.size()) makeRoom(1);
  const auto got = receive({exchange_->input.data() + exchange_->end, exchange_->input.size() - exchange_->end});
  exchange_->end += got.bytes;
  return got;
}

Transfer Channel::receive(std::span<char> room) {
  const auto got = socket_->receive(room);
  shared_.counters.bytesIn.add(got.bytes);
  return got;
}

void Channel::returnInput(std::string_view bytes) {
  if (bytes.empty()) return;
  makeRoom(bytes.size());
  std::memcpy(exchange_->input.data() + exchange_->end, bytes.data(), bytes.size());
  exchange_->end += bytes.size();
}

/// Room behind the input: by moving it to the front or, if that is not enough, by growing at once to the largest size
/// that a head can need.
void Channel::makeRoom(std::size_t bytes) {
  auto& buffer = exchange_->input;
  const std::size_t held = exchange_->end - exchange_->begin;
  std::memmove(buffer.data(), buffer.data() + exchange_->begin, held);
  exchange_->begin = 0;
  exchange_->end = held;
  if (held + bytes > buffer.size()) buffer.resize(std::max(held + bytes, limits::kHeadBytes));
}

/// Sends what the kernel takes now of the output and of `more`, and counts it off from both.
Transfer Channel::sendSome(std::string_view& more, bool follows) {
  const std::string_view first = output().text().substr(sent_);
  const auto sent = more.empty() ? socket_->send(first, follows) : socket_->send(first, more, follows);
  shared_.counters.bytesOut.add(sent.bytes);
  const std::size_t ofFirst = std::min(sent.bytes, first.size());
  sent_ += ofFirst;
  more.remove_prefix(sent.bytes - ofFirst);
  if (sent_ == output().size()) {
    output().clear();
    sent_ = 0;
  }
  return sent;
}

bool Channel::trySend() {
  if (exchange_ == nullptr || output().empty()) return true;
  sendNow();
  return output().empty();
}

Transfer Channel::sendNow(bool follows) {
  std::string_view nothing;
  return sendSome(nothing, follows);
}

Task<bool> Channel::send(std::string_view more, bool follows) {
  while (!output().empty() || !more.empty()) {
    const auto sent = sendSome(more, follows);
    if (sent.state == Transfer::State::Some) continue;
    if (sent.state != Transfer::State::WouldBlock) co_return false;
    const Deadline deadline = now() + shared_.settings.writeStall;
    const bool ready = co_await socket_->writable(deadline);
    if (!ready) co_return false;
  }
  co_return true;
}

Task<bool> Channel::sendFile(int file, std::uint64_t offset, std::uint64_t length) {
  MYDHT_ASSERT(output().empty());
  while (length > 0) {
    const auto sent = socket_->sendFile(file, offset, static_cast<std::size_t>(length));
    if (sent.state == Transfer::State::Some) {
      shared_.counters.bytesOut.add(sent.bytes);
      offset += sent.bytes;
      length -= sent.bytes;
      continue;
    }
    if (sent.state != Transfer::State::WouldBlock) co_return false;
    const Deadline deadline = now() + shared_.settings.writeStall;
    const bool ready = co_await socket_->writable(deadline);
    if (!ready) co_return false;
  }
  co_return true;
}

void Channel::cut() {
  const ::linger reset{1, 0};
  ::setsockopt(socket_->descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

Task<> Channel::linger() {
  socket_->shutdownSend();
  const Settings& settings = shared_.settings;
  const std::span<char> scratch(shared_.scratch.get(), Shared::kScratchBytes);
  const Deadline deadline = now() + settings.lingerMost;
  co_await throwAwayInput(*socket_, scratch, settings.lingerTimeout, deadline);
}

}  // namespace mydht::http
