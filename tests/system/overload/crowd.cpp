#include "tests/system/overload/crowd.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/http/head.h"

namespace mydht {
namespace {

constexpr std::size_t kKeysOfOne = 4;
constexpr std::size_t kValueBytes = 1024;
constexpr std::size_t kFromOneAddress = 300;
constexpr std::size_t kOthersKept = 10;
/// A connection that a node ended is made anew after so many turns.
constexpr int kTurnMillis = 10;

sockaddr_in addressOf(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

}  // namespace

struct Crowd::Client {
  std::size_t number = 0;
  int descriptor = -1;
  std::size_t puts = 0;
  std::string target;
  std::size_t putNumber = 0;
  std::string output;
  std::string input;
};

std::string Crowd::valueOf(const std::string& target, std::size_t number) {
  std::string value = target + " " + std::to_string(number) + ".";
  value.resize(kValueBytes, 'x');
  return value;
}

Crowd::Crowd(std::vector<std::uint16_t> ports, std::size_t clients, std::string name)
    : ports_(std::move(ports)), name_(std::move(name)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < clients; ++i) {
    clients_.push_back(std::make_unique<Client>());
    clients_.back()->number = i;
  }
  thread_ = std::thread([this] { run(); });
}

Crowd::~Crowd() {
  stop();
  ::close(epoll_);
}

void Crowd::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (const auto& client : clients_) close(*client);
}

void Crowd::connect(Client& client) {
  client.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  client.input.clear();
  client.output.clear();
  const auto from = addressOf(0x7f000101 + static_cast<std::uint32_t>(client.number / kFromOneAddress), 0);
  const auto to = addressOf(INADDR_LOOPBACK, ports_[client.number % ports_.size()]);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &client;
  const bool bound = ::bind(client.descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
  const int result = bound ? ::connect(client.descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) : -1;
  const bool begun = bound && (result == 0 || errno == EINPROGRESS);
  if (!begun || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.descriptor, &event) != 0) return close(client);
  begin(client);
}

void Crowd::close(Client& client) {
  if (client.descriptor >= 0) ::close(client.descriptor);
  client.descriptor = -1;
}

/// The next put of this client; one whose outcome is not known keeps its number, and the key gets a new one.
void Crowd::begin(Client& client) {
  client.target = "/" + name_ + "/" + std::to_string(client.number) + "/" + std::to_string(client.puts++ % kKeysOfOne);
  client.putNumber = ++keys_[client.target].begun;
  const std::string value = valueOf(client.target, client.putNumber);
  client.output = "PUT " + client.target +
                  " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(value.size()) + "\r\n\r\n" +
                  value;
  flush(client);
}

void Crowd::flush(Client& client) {
  while (!client.output.empty()) {
    const auto sent = ::send(client.descriptor, client.output.data(), client.output.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    client.output.erase(0, static_cast<std::size_t>(sent));
  }
}

/// Whether there was a whole one.
bool Crowd::takeAnswer(Client& client) {
  http::ResponseHead head;
  const auto outcome = http::parseResponseHead(client.input, http::Method::Put, head);
  if (!outcome.done()) return false;
  const std::size_t whole = outcome.consumed + static_cast<std::size_t>(head.contentLength.value_or(0));
  if (client.input.size() < whole) return false;
  const std::string said(head.headers.find("Mydht-Outcome").value_or(""));
  const bool again = head.status == 503 && head.headers.find("Retry-After");
  if (head.status == 201 || head.status == 204) {
    ++told_.done;
    ++done_;
    Key& key = keys_[client.target];
    key.acknowledged = std::max(key.acknowledged, client.putNumber);
  } else if (again && said == "not-done") {
    ++told_.notDone;
  } else if (again && said == "unknown") {
    ++told_.unknown;
  } else if (again && !head.keepAlive && said.empty()) {
    ++told_.connections;  // too many of them: no request was read
  } else if (told_.others.size() < kOthersKept) {
    told_.others.push_back(client.input.substr(0, whole));
  }
  client.input.erase(0, whole);
  if (!head.keepAlive) {
    close(client);
  } else if (!stop_) {
    begin(client);
  }
  return client.descriptor >= 0;
}

void Crowd::onEvents(Client& client, std::uint32_t events) {
  if (client.descriptor < 0) return;
  if ((events & EPOLLOUT) != 0) flush(client);
  std::array<char, 16 * 1024> room;
  ssize_t got = 0;
  while ((got = ::recv(client.descriptor, room.data(), room.size(), 0)) > 0) {
    client.input.append(room.data(), static_cast<std::size_t>(got));
  }
  const bool over = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  while (takeAnswer(client)) {
  }
  if (!over || client.descriptor < 0) return;
  ++told_.connections;
  close(client);
}

void Crowd::run() {
  std::array<epoll_event, 512> events;
  while (!stop_) {
    for (const auto& client : clients_) {
      if (client->descriptor < 0) connect(*client);
    }
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTurnMillis);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      onEvents(*static_cast<Client*>(event.data.ptr), event.events);
    }
  }
}

}  // namespace mydht
