#include "server/wire/envelope.h"

#include <fmt/format.h>

#include "common/result/limits.h"
#include "server/wire/codec.h"

namespace mydht::wire {
namespace {

constexpr std::size_t kHostPortBytes = 300;
constexpr std::size_t kErrorBytes = 4096;
constexpr std::uint8_t kDone = 0;
constexpr std::uint8_t kFailed = 1;

void write(Writer& out, const Speaker& from) {
  out.number(from.ringIdentity).number(from.node).number(from.boot).number(from.synced);
  out.name(from.newest).name(from.complete).number(from.fingerprint).number(from.wallMicros).text(from.hostPort);
}

Speaker readSpeaker(Reader& in) {
  Speaker from;
  in.number(from.ringIdentity);
  in.number(from.node);
  in.number(from.boot);
  in.number(from.synced);
  from.newest = in.name();
  from.complete = in.name();
  in.number(from.fingerprint);
  in.number(from.wallMicros);
  from.hostPort = in.text(kHostPortBytes);
  if (!limits::isTime(from.wallMicros)) in.fail();
  return from;
}

std::optional<Error> otherProtocol(std::string_view message) {
  if (message.empty()) return Error{Kind::BadRequest, "an empty message between nodes"};
  const auto version = static_cast<std::uint8_t>(message.front());
  if (version == kProtocolVersion) return std::nullopt;
  return Error{Kind::BadRequest,
               fmt::format("the other node speaks version {} of the protocol between nodes, this one {}: "
                           "bring the older one up to date",
                           version, kProtocolVersion)};
}

}  // namespace

Bytes packRequest(const Speaker& from, NodeId to, MessageType type, std::string_view payload) {
  Writer out;
  out.number(kProtocolVersion).number(static_cast<std::uint8_t>(type)).number(to);
  write(out, from);
  std::string message = out.take();
  message.append(payload);
  return Bytes(std::move(message));
}

Bytes packAnswer(const Speaker& from, std::string_view payload) {
  Writer out;
  out.number(kProtocolVersion).number(kDone);
  write(out, from);
  std::string message = out.take();
  message.append(payload);
  return Bytes(std::move(message));
}

Bytes packError(const Speaker& from, const Error& error, std::string_view payload) {
  Writer out;
  out.number(kProtocolVersion).number(kFailed);
  write(out, from);
  out.number(static_cast<std::uint8_t>(error.kind)).text(std::string_view(error.text).substr(0, kErrorBytes));
  std::string message = out.take();
  message.append(payload);
  return Bytes(std::move(message));
}

Result<Request> unpackRequest(std::string_view message) {
  if (auto error = otherProtocol(message)) return *error;
  Reader in(message);
  Request request;
  in.number<std::uint8_t>();
  const auto type = in.number<std::uint8_t>();
  in.number(request.to);
  request.from = readSpeaker(in);
  if (!in.ok() || type > static_cast<std::uint8_t>(kLastMessageType)) {
    return Error{Kind::BadRequest, "a message between nodes that cannot be read"};
  }
  request.type = static_cast<MessageType>(type);
  request.payload = in.rest();
  return request;
}

Result<Answer> unpackAnswer(std::string_view message) {
  if (auto error = otherProtocol(message)) return *error;
  Reader in(message);
  Answer answer;
  in.number<std::uint8_t>();
  const auto status = in.number<std::uint8_t>();
  answer.from = readSpeaker(in);
  if (status == kFailed) {
    const auto kind = in.number<std::uint8_t>();
    std::string text(in.text(kErrorBytes));
    if (kind > static_cast<std::uint8_t>(Kind::Stopped)) in.fail();
    answer.error = Error{static_cast<Kind>(kind), std::move(text)};
  }
  if (!in.ok() || status > kFailed) return Error{Kind::BadRequest, "an answer between nodes that cannot be read"};
  answer.payload = in.rest();
  return answer;
}

std::optional<MessageType> typeOfRequest(std::string_view message) {
  if (message.size() < 2 || message[0] != static_cast<char>(kProtocolVersion)) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(message[1]);
  if (type > static_cast<std::uint8_t>(kLastMessageType)) return std::nullopt;
  return static_cast<MessageType>(type);
}

}  // namespace mydht::wire
