#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result/result.h"
#include "common/ring/view.h"
#include "server/task/bytes.h"
#include "server/wire/messages.h"

namespace mydht::wire {

/// The version of the node-to-node protocol. A node refuses a message of another one in words.
inline constexpr std::uint8_t kProtocolVersion = 1;

/// Who speaks and what it knows: stands in every request and every answer (docs/peer-protocol.md).
struct Speaker {
  std::uint64_t ringIdentity = 0;  ///< 0: a member of no ring yet
  NodeId node = 0;
  std::uint32_t boot = 0;    ///< how often this identity has started
  std::uint64_t synced = 0;  ///< the number of its last synced batch (R7)
  ring::VersionName newest;
  ring::VersionName complete;
  std::uint64_t fingerprint = 0;  ///< of its newest table (R1)
  std::int64_t wallMicros = 0;    ///< its clock when it spoke
  std::string hostPort;           ///< where it can be called

  bool operator==(const Speaker&) const = default;
};

/// A request as it came in: the payload is read by the message that `type` names.
struct Request {
  Speaker from;
  NodeId to = 0;  ///< whom the sender believes to call; 0: whoever answers there
  MessageType type = MessageType::Hello;
  std::string_view payload;
};

/// An answer: a payload, or an error, and with OlderRing the view that the asker has to adopt first (R4).
struct Answer {
  Speaker from;
  std::optional<Error> error;
  std::string_view payload;
};

Bytes packRequest(const Speaker& from, NodeId to, MessageType type, std::string_view payload);
Bytes packAnswer(const Speaker& from, std::string_view payload);
/// For OlderRing the payload is the refuser's view.
Bytes packError(const Speaker& from, const Error& error, std::string_view payload = {});

/// Views into the message. BadRequest names what is wrong; another protocol version is named as such.
Result<Request> unpackRequest(std::string_view message);
Result<Answer> unpackAnswer(std::string_view message);

/// The type of a packed request without the rest, for a network that treats some kinds apart; none if it is not one.
std::optional<MessageType> typeOfRequest(std::string_view message);

}  // namespace mydht::wire
