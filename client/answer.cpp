#include "client/answer.h"

#include <fmt/core.h>

#include <algorithm>

#include "common/http/chunks.h"
#include "common/result/limits.h"

namespace mydht::client {

namespace {

using std::chrono::milliseconds;

/// Waits for at least one more byte; that none comes is an error like others here.
Status awaitMore(Socket& socket, milliseconds patience) {
  const auto came = socket.awaitBytes(patience);
  if (!came) return came.error();
  if (!*came)
    return Error{Kind::Unavailable,
                 fmt::format("nothing came for {:g} s", std::chrono::duration<double>(patience).count())};
  return {};
}

/// Keeps a body that is not a value: JSON, or a problem.
class KeptBody final : public BodySink {
 public:
  explicit KeptBody(std::string& into) : into_(into) {}

  Status begin(const Answer&) override { return {}; }
  Status write(std::string_view piece) override {
    if (piece.size() > limits::kMessageBytes - into_.size()) {
      return Error{Kind::Corrupt, fmt::format("an answer of over {} bytes", limits::kMessageBytes)};
    }
    into_ += piece;
    return {};
  }

 private:
  std::string& into_;
};

Error brokenOff(const Error& reason) {
  return {Kind::Corrupt, fmt::format("the answer broke off: {}", reason.text)};
}

Status readCounted(Socket& socket, std::uint64_t left, BodySink& sink, milliseconds patience) {
  while (left > 0) {
    if (socket.received().empty()) {
      if (const Status more = awaitMore(socket, patience); !more) return brokenOff(more.error());
    }
    const std::string_view piece = socket.received().substr(0, left);
    if (const Status written = sink.write(piece); !written) return written;
    left -= piece.size();
    socket.consume(piece.size());
  }
  return {};
}

Status readChunked(Socket& socket, BodySink& sink, milliseconds patience) {
  http::ChunkDecoder decoder;
  while (true) {
    const http::ChunkDecoder::Step step = decoder.next(socket.received());
    switch (step.state) {
      case http::ChunkDecoder::State::Data:
        if (const Status written = sink.write(step.data); !written) return written;
        break;
      case http::ChunkDecoder::State::NeedMore:
        break;
      case http::ChunkDecoder::State::End:
        socket.consume(step.consumed);
        return {};
      case http::ChunkDecoder::State::Bad:
        return Error{Kind::Corrupt, fmt::format("the answer is malformed: {}", step.reason)};
    }
    socket.consume(step.consumed);
    if (step.state == http::ChunkDecoder::State::Data) continue;
    if (const Status more = awaitMore(socket, patience); !more) return brokenOff(more.error());
  }
}

Answer answerOf(const http::ResponseHead& head) {
  Answer answer;
  answer.status = head.status;
  answer.keepAlive = head.keepAlive && head.framing != http::Framing::UntilClose;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const http::Header header = head.headers[i];
    answer.fields.emplace_back(header.name, header.value);
  }
  return answer;
}

Status readBody(Socket& socket, http::Framing framing, std::uint64_t length, BodySink& sink, milliseconds patience) {
  switch (framing) {
    case http::Framing::None:
      return {};
    case http::Framing::Length:
      return readCounted(socket, length, sink, patience);
    case http::Framing::Chunked:
      return readChunked(socket, sink, patience);
    case http::Framing::UntilClose:
      // A body cut short could not be told from a whole one.
      return Error{Kind::Corrupt, "the answer does not say where it ends"};
  }
  invariantBroken("a known framing", __FILE__, __LINE__);
}

}  // namespace

std::optional<std::string_view> Answer::field(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& field) { return http::equalsIgnoringCase(field.first, name); });
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

HeadState peekHead(Socket& socket, http::Method method) {
  while (true) {
    http::ResponseHead head;
    const http::ParseOutcome outcome = http::parseResponseHead(socket.received(), method, head);
    if (outcome.bad()) return HeadState::Final;
    if (!outcome.done()) return HeadState::Incomplete;
    if (head.status >= 200) return HeadState::Final;
    const bool go = head.status == 100;
    socket.consume(outcome.consumed);
    if (go) return HeadState::Continue;
  }
}

Result<Answer> readAnswer(Socket& socket, http::Method method, BodySink* sink, milliseconds patience) {
  for (HeadState state = peekHead(socket, method); state != HeadState::Final; state = peekHead(socket, method)) {
    if (state == HeadState::Continue) continue;  // it came late; what follows it may be here already
    if (const Status more = awaitMore(socket, patience); !more) return more.error();
  }
  http::ResponseHead head;
  const http::ParseOutcome outcome = http::parseResponseHead(socket.received(), method, head);
  if (outcome.bad()) return Error{Kind::Unavailable, fmt::format("not HTTP: {}", outcome.reason)};

  Answer answer = answerOf(head);
  const http::Framing framing = head.framing;
  const std::uint64_t length = head.contentLength.value_or(0);
  socket.consume(outcome.consumed);
  KeptBody kept(answer.body);
  BodySink& into = sink != nullptr && answer.status == 200 ? *sink : kept;
  if (const Status begun = into.begin(answer); !begun) return begun.error();
  if (const Status read = readBody(socket, framing, length, into, patience); !read) return read.error();
  return answer;
}

}  // namespace mydht::client
