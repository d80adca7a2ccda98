#include "server/http/incoming_body.h"

#include <algorithm>

#include "common/result/check.h"

namespace mydht::http {

using runtime::Transfer;

namespace {

/// What has to come within Settings::bodyStall: 550 bytes a second, a tenth of an old modem's.
constexpr std::uint64_t kLeastBytes = 16 * 1024;

}  // namespace

BodyFraming framingOf(const RequestHead& head) {
  return {head.contentLength, head.chunked, head.expectContinue};
}

IncomingBody::IncomingBody(Channel& channel, const BodyFraming& framing)
    : channel_(&channel),
      loop_(channel.shared().loop),
      left_(framing.length.value_or(0)),
      chunked_(framing.chunked),
      askFor_(framing.expectContinue),
      changed_(channel.shared().loop) {
  if (!chunked_) size_ = left_;
  ended_ = !chunked_ && left_ == 0;
}

Task<Result<Bytes>> IncomingSource::next(Deadline deadline) {
  co_await switchTo(body_->loop());
  auto piece = co_await body_->next(deadline);
  co_return piece;
}

Task<Result<Bytes>> IncomingBody::next(Deadline deadline) {
  if (retired_) co_return Error{Kind::Stopped, "the request was answered already"};
  if (ended_) co_return Bytes();
  if (broken_) co_return *broken_;
  MYDHT_ASSERT(!pulling_);
  pulling_ = true;
  auto piece = co_await pull(deadline);
  pulling_ = false;
  changed_.notifyAll();
  co_return piece;
}

bool IncomingBody::worthDraining() const {
  return ended_ || (!broken_ && !askFor_ && (chunked_ || left_ <= channel_->shared().settings.drainBytes));
}

Task<> IncomingBody::asked() {
  while (asking_) co_await changed_.wait();
}

Task<> IncomingBody::retire() {
  retired_ = !ended_;  // what is thrown away from now on must not look whole to who still holds the source
  if (pulling_) channel_->socket().abort();
  while (pulling_) co_await changed_.wait();
}

Task<bool> IncomingBody::finish(bool drain) {
  const Deadline deadline = channel_->now() + channel_->shared().settings.bodyStall;
  std::uint64_t thrown = 0;
  while (drain && !ended_ && worthDraining() && thrown <= channel_->shared().settings.drainBytes) {
    auto piece = co_await pull(deadline);
    if (!piece) break;
    thrown += piece->size();
  }
  channel_->returnInput(rest_);
  channel_ = nullptr;
  work_ = nullptr;
  co_return ended_;
}

Task<Result<Bytes>> IncomingBody::pull(Deadline deadline) {
  auto buffered = takeBuffered();
  if (!buffered) co_return buffered.error();
  if (ended_ || !buffered->empty()) co_return Bytes(std::move(*buffered));
  if (work_ != nullptr) work_->pause();
  auto asked = co_await askFor();
  if (!asked) {
    goOn();
    co_return asked.error();
  }
  co_await yieldNow();  // a client that sends faster than its body is used up gets its turn like others
  while (true) {
    if (work_ != nullptr) work_->pause();  // what came last may have been a chunk's line alone
    auto received = co_await receiveSome(deadline);
    const bool goesOn = goOn();
    if (!received) co_return received.error();
    if (!goesOn) co_return Error{Kind::NotDone, "this node has too much to do; nothing was changed; try again"};
    if (ended_ || !received->empty()) co_return Bytes(std::move(*received));
  }
}

/// Back from waiting for the client. Of a small body nothing has been passed on before its end, so that it may still be
/// refused, and is all read.
bool IncomingBody::goOn() {
  return work_ == nullptr || work_->resume(ended_ && read_ <= limits::kInlineBytes);
}

/// What came together with the head.
Result<std::string> IncomingBody::takeBuffered() {
  std::string_view input = channel_->input();
  if (input.empty()) return std::string();
  askFor_ = false;  // a client that sends waits for nothing
  const std::size_t before = input.size();
  auto piece = decode(input);
  channel_->consume(before - input.size());
  return piece;
}

/// Takes the framing off the bytes of this body, at the front of what came; leaves the next request's.
Result<std::string> IncomingBody::decode(std::string_view& bytes) {
  std::string data;
  if (!chunked_) {
    data = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
    bytes.remove_prefix(data.size());
    left_ -= data.size();
    read_ += data.size();
    ended_ = left_ == 0;
    return data;
  }
  while (true) {
    const auto step = decoder_.next(bytes);
    bytes.remove_prefix(step.consumed);
    data += step.data;
    read_ += step.data.size();
    if (step.state == ChunkDecoder::State::Data) continue;
    if (step.state == ChunkDecoder::State::Bad) return broken(std::string(step.reason));
    ended_ = step.state == ChunkDecoder::State::End;
    return data;
  }
}

/// Tells a client that waits for it to send.
Task<Result<>> IncomingBody::askFor() {
  if (!askFor_) co_return Result<>();
  if (channel_->answering()) co_return broken("the client was answered before it was asked for the body");
  askFor_ = false;
  channel_->output().append("HTTP/1.1 100 Continue\r\n\r\n");
  asking_ = true;
  const bool sent = co_await channel_->send();
  asking_ = false;
  changed_.notifyAll();
  if (!sent) co_return broken("the connection broke");
  co_return Result<>();
}

Task<Result<std::string>> IncomingBody::receiveSome(Deadline deadline) {
  if (read_ - mark_ >= kLeastBytes) {
    mark_ = read_;
    waited_ = Duration(0);
  }
  const Deadline stalled = loop_.now() + channel_->shared().settings.bodyStall - waited_;
  while (true) {
    char* const scratch = channel_->shared().scratch.get();
    constexpr std::uint64_t kMost = Shared::kScratchBytes;
    const auto room = static_cast<std::size_t>(chunked_ ? kMost : std::min(left_, kMost));
    const auto got = channel_->receive({scratch, room});
    if (got.state == Transfer::State::Some) {
      std::string_view bytes(scratch, got.bytes);
      auto piece = decode(bytes);
      rest_ = bytes;
      co_return piece;
    }
    if (got.state != Transfer::State::WouldBlock) {
      co_return broken("the body broke off after " + std::to_string(read_) + " bytes");
    }
    const Deadline earlier = std::min(deadline, stalled);
    const Time begun = loop_.now();
    const bool ready = co_await channel_->socket().readable(earlier);
    waited_ += loop_.now() - begun;
    if (ready) continue;
    if (deadline < stalled) co_return Error{Kind::Unavailable, "the body did not come in time"};
    co_return broken("the body stalled after " + std::to_string(read_) + " bytes");
  }
}

Error IncomingBody::broken(std::string text) {
  broken_ = Error{Kind::BadRequest, std::move(text)};
  return *broken_;
}

}  // namespace mydht::http
