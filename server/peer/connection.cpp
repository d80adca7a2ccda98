#include "server/peer/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "common/http/response_text.h"
#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "server/peer/loop_part.h"

namespace mydht::peer {
namespace {

/// A machine that vanished must not hold a call without end: what is sent is taken note of within that time, and a
/// silent connection is asked for a sign of life.
constexpr int kVanishedMillis = 30'000;
constexpr int kAskAfterSeconds = 10;
constexpr int kAskEverySeconds = 5;
constexpr int kAskTimes = 4;

/// Where the system refuses one of these, calls end by their deadlines all the same.
void noticeVanishing(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &kAskAfterSeconds, sizeof kAskAfterSeconds);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &kAskEverySeconds, sizeof kAskEverySeconds);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &kAskTimes, sizeof kAskTimes);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &kVanishedMillis, sizeof kVanishedMillis);
}

std::string printHeadBegin(const std::string& hostPort) {
  http::HeadText text;
  text.startRequest("POST", protocol::kPeerPath);
  text.header("Host", hostPort);
  text.header("Content-Type", protocol::kPeerType);
  return std::string(text.text());
}

}  // namespace

Host::Host(Executor& executor, std::string called, runtime::HostPort parsed)
    : hostPort(std::move(called)),
      name(std::move(parsed)),
      headBegin(printHeadBegin(hostPort)),
      found(executor),
      freed(executor) {}

Connection::Connection(LoopPart& part, Host& host, std::unique_ptr<runtime::Socket> socket)
    : part_(part), host_(host), channel_(part.shared(), std::move(socket)) {
  noticeVanishing(channel_.socket().descriptor());
  ++host_.users;
  part_.opened(*this);
}

Connection::~Connection() {
  setStreaming(false);
  channel_.drop();
  part_.closed(*this);
  --host_.users;
}

bool Connection::fresh() {
  runtime::Socket& socket = channel_.socket();
  if (socket.hungUp()) return false;
  if (!socket.readingReady()) return true;
  std::array<char, 1> unasked{};
  return socket.receive(unasked).state == runtime::Transfer::State::WouldBlock;
}

bool Connection::reusable() {
  return answered_ && !aborted_ && head_.keepAlive && sending_.ended && !sending_.failed && channel_.inputEmpty() &&
         !channel_.socket().hungUp();
}

void Connection::begin() {
  sending_ = Sending();
  answered_ = false;
}

void Connection::setStreaming(bool streaming) {
  if (streaming == streaming_) return;
  streaming_ = streaming;
  if (streaming) {
    --host_.open;
    ++host_.streams;
    host_.freed.notifyOne();
  } else {
    ++host_.open;
    --host_.streams;
  }
}

Error Connection::lost(const std::string& text) const {
  const Kind kind = sending_.arrived ? Kind::Unknown : Kind::Unavailable;
  if (sending_.failed) return Error{kind, host_.hostPort + ": the request's body broke off: " + sending_.failed->text};
  return Error{kind, host_.hostPort + ": " + text};
}

void Connection::abort() {
  aborted_ = true;  // no reset: it could destroy what was sent before, and the framing shows that more was to come
  channel_.socket().abort();
}

}  // namespace mydht::peer
