#include "tests/system/hostile_clients/swarm.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "tests/support/processes/process.h"

namespace mydht {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFromOneAddress = 500;
constexpr int kTurnMillis = 10;
/// Connections made anew in one turn: a flood, but one that leaves the machine something to do.
constexpr std::size_t kAnewInOneTurn = 100;

sockaddr_in addressOf(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

std::string numbered(std::string text, std::size_t number) {
  const std::size_t at = text.find('#');
  if (at != std::string::npos) text.replace(at, 1, std::to_string(number));
  return text;
}

}  // namespace

struct Swarm::Member {
  std::size_t number = 0;
  int descriptor = -1;
  bool greeted = false;  ///< the first bytes are sent
  std::string first;     ///< what is left of them
};

Swarm::Swarm(std::uint16_t port, std::size_t connections, Manner manner)
    : port_(port), manner_(std::move(manner)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < connections; ++i) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->number = i;
  }
  thread_ = std::thread([this] { run(); });
}

Swarm::~Swarm() {
  stop_ = true;
  thread_.join();
  for (const auto& member : members_) close(*member);
  ::close(epoll_);
}

bool Swarm::awaitAllOpen() const {
  return support::eventually([this] { return open_ == members_.size(); });
}

void Swarm::connect(Member& member) {
  member.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (member.descriptor < 0) return;
  member.first = numbered(manner_.first, member.number);
  const int& buffer = manner_.receiveBuffer;
  if (buffer > 0) ::setsockopt(member.descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  const auto from = addressOf(0x7f000101 + static_cast<std::uint32_t>(member.number / kFromOneAddress), 0);
  const auto to = addressOf(INADDR_LOOPBACK, port_);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &member;
  const bool bound = ::bind(member.descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
  const int result = bound ? ::connect(member.descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) : -1;
  const bool begun = bound && (result == 0 || errno == EINPROGRESS);
  if (!begun || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, member.descriptor, &event) != 0) close(member);
}

void Swarm::close(Member& member) {
  if (member.descriptor >= 0) ::close(member.descriptor);
  member.descriptor = -1;
  if (std::exchange(member.greeted, false)) --open_;
}

void Swarm::sendFirst(Member& member) {
  while (!member.first.empty()) {
    const auto sent = ::send(member.descriptor, member.first.data(), member.first.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    member.first.erase(0, static_cast<std::size_t>(sent));
  }
  if (!std::exchange(member.greeted, true)) ++open_;
}

void Swarm::onEvents(Member& member, std::uint32_t events) {
  if (member.descriptor < 0) return;
  bool over = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if ((events & EPOLLOUT) != 0 && !over) sendFirst(member);
  if ((events & EPOLLIN) != 0 && manner_.reads && !over) {
    std::array<char, 64 * 1024> room;
    ssize_t got = 0;
    while ((got = ::recv(member.descriptor, room.data(), room.size(), 0)) > 0) {
    }
    over = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }
  if ((events & EPOLLRDHUP) != 0) over = true;
  if (!over) return;
  ++ended_;
  close(member);
}

void Swarm::dripAll() {
  if (manner_.drip.empty()) return;
  const char byte = manner_.drip[dripped_++ % manner_.drip.size()];
  for (const auto& member : members_) {
    if (member->greeted) ::send(member->descriptor, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

void Swarm::run() {
  for (const auto& member : members_) connect(*member);
  auto dripAt = Clock::now() + manner_.pause;
  std::array<epoll_event, 512> events;
  while (!stop_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTurnMillis);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      onEvents(*static_cast<Member*>(event.data.ptr), event.events);
    }
    std::size_t anew = 0;
    for (const auto& member : members_) {
      if (!manner_.comesAgain || anew == kAnewInOneTurn) break;
      if (member->descriptor >= 0) continue;
      connect(*member);
      ++anew;
    }
    if (Clock::now() < dripAt) continue;
    dripAll();
    dripAt = Clock::now() + manner_.pause;
  }
}

}  // namespace mydht
