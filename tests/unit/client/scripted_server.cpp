#include "tests/unit/client/scripted_server.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "common/hash/sha256.h"
#include "common/http/response_text.h"

namespace mydht::client {

namespace {

constexpr auto kLongest = std::chrono::seconds(10);

void must(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(fmt::format("scripted server: {}: errno {}", what, errno));
}

int listenOnLoopback(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(listener >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  must(::listen(listener, 16) == 0, "listen");
  socklen_t size = sizeof address;
  must(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  port = ntohs(address.sin_port);
  return listener;
}

void sendAll(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // a client that has heard enough may be gone
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Takes the framing off a whole chunked body; false while it is not whole.
bool unchunk(std::string_view framed, std::string& body) {
  body.clear();
  while (true) {
    const std::size_t lineEnd = framed.find("\r\n");
    if (lineEnd == std::string_view::npos) return false;
    const std::size_t size = std::strtoul(std::string(framed.substr(0, lineEnd)).c_str(), nullptr, 16);
    framed.remove_prefix(lineEnd + 2);
    if (framed.size() < size + 2) return false;
    if (size == 0) return true;
    body += framed.substr(0, size);
    framed.remove_prefix(size + 2);
  }
}

}  // namespace

std::string Heard::field(std::string_view name) const {
  const std::string begin = fmt::format("\r\n{}: ", name);
  const std::size_t at = head.find(begin);
  if (at == std::string::npos) return "";
  const std::size_t from = at + begin.size();
  return head.substr(from, head.find("\r\n", from) - from);
}

ScriptedServer::ScriptedServer(std::vector<Scene> scenes) : scenes_(std::move(scenes)) {
  listener_ = listenOnLoopback(port_);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  must(stop_ >= 0, "eventfd");
  thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
  const std::uint64_t one = 1;
  EXPECT_EQ(::write(stop_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  thread_.join();
  ::close(listener_);
  ::close(stop_);
}

std::vector<Heard> ScriptedServer::heard(std::size_t requests) {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kLongest, [&] { return heard_.size() >= requests; })) << "heard too little";
  return heard_;
}

std::vector<Heard> ScriptedServer::heardSoFar() {
  const std::lock_guard lock(mutex_);
  return heard_;
}

void ScriptedServer::awaitHeads(std::size_t requests) {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kLongest, [&] { return heads_ >= requests; })) << "no request came";
}

int ScriptedServer::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void ScriptedServer::awaitClosed(int connections) {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kLongest, [&] { return closed_ >= connections; })) << "no connection was closed";
}

void ScriptedServer::remember(Heard request) {
  const std::lock_guard lock(mutex_);
  heard_.push_back(std::move(request));
  changed_.notify_all();
}

void ScriptedServer::serve() {
  while (true) {
    pollfd entries[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
    ::poll(entries, 2, -1);
    if (entries[1].revents != 0) return;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
    serveConnection(connection);
    ::close(connection);
    const std::lock_guard lock(mutex_);
    ++closed_;
    changed_.notify_all();
  }
}

void ScriptedServer::serveConnection(int connection) {
  std::string buffer;
  while (playScene(connection, buffer)) {
  }
}

/// Waits for more bytes; false when the client has closed or the test is over.
bool ScriptedServer::readMore(int connection, std::string& into) {
  pollfd entries[] = {{connection, POLLIN, 0}, {stop_, POLLIN, 0}};
  ::poll(entries, 2, -1);
  if (entries[1].revents != 0) return false;
  char bytes[65536];
  const ssize_t got = ::recv(connection, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  into.append(bytes, static_cast<std::size_t>(got));
  return true;
}

/// Answers without having read the request to its end.
void ScriptedServer::answerEarly(int connection, const std::string& answer, Heard request) {
  sendAll(connection, answer);
  // Reading on keeps the kernel from resetting the connection, which would take the answer away from the client.
  ::shutdown(connection, SHUT_WR);
  while (readMore(connection, request.body)) {
  }
  remember(std::move(request));
}

/// The scene for the request that has just come.
Scene ScriptedServer::nextScene() {
  const std::lock_guard lock(mutex_);
  const std::size_t turn = heads_++;
  changed_.notify_all();
  return turn < scenes_.size() ? scenes_[turn] : Scene{.answer = "", .when = Scene::When::HangUp};
}

/// Serves one request; whether the connection goes on.
bool ScriptedServer::playScene(int connection, std::string& buffer) {
  while (buffer.find("\r\n\r\n") == std::string::npos) {
    if (!readMore(connection, buffer)) return false;
  }
  const std::size_t headEnd = buffer.find("\r\n\r\n") + 4;
  Heard request{.head = buffer.substr(0, headEnd), .body = "", .whole = false};
  buffer.erase(0, headEnd);
  const Scene scene = nextScene();
  if (scene.when == Scene::When::HangUp || scene.when == Scene::When::Stall) {
    remember(request);
    pollfd entries[] = {{connection, 0, 0}, {stop_, POLLIN, 0}};
    if (scene.when == Scene::When::Stall) ::poll(entries, 2, -1);
    return false;
  }
  if (scene.when != Scene::When::AfterHead && scene.goes && !request.field("Expect").empty()) {
    sendAll(connection, "HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (scene.when == Scene::When::InBody && buffer.empty() && !readMore(connection, buffer)) return false;
  if (scene.when == Scene::When::AfterHead || scene.when == Scene::When::InBody) {
    request.body = buffer;
    answerEarly(connection, scene.answer, std::move(request));
    return false;
  }
  return answerWhole(connection, scene, buffer, std::move(request));
}

/// Reads the request to its end and plays the scene.
bool ScriptedServer::answerWhole(int connection, const Scene& scene, std::string& buffer, Heard request) {
  request.whole = readBody(connection, buffer, request);
  const bool whole = request.whole;
  remember(std::move(request));
  if (!whole) return false;
  if (scene.when == Scene::When::Never) {
    while (readMore(connection, buffer)) {
    }
    return false;
  }
  sendAll(connection, scene.answer);
  return !scene.closes;
}

bool ScriptedServer::readBody(int connection, std::string& buffer, Heard& request) {
  const bool chunked = request.field("Transfer-Encoding") == "chunked";
  const std::size_t length = std::strtoul(request.field("Content-Length").c_str(), nullptr, 10);
  while (chunked ? !unchunk(buffer, request.body) : buffer.size() < length) {
    if (!readMore(connection, buffer)) return false;
  }
  if (!chunked) request.body = buffer.substr(0, length);
  buffer.erase(0, chunked ? buffer.size() : length);
  return true;
}

std::string answerOf(int status, std::string_view body, std::string_view fields) {
  return fmt::format("HTTP/1.1 {} {}\r\n{}Content-Length: {}\r\n\r\n{}", status, http::reasonPhrase(status), fields,
                     body.size(), body);
}

std::string valueAnswer(std::string_view body) {
  return answerOf(200, body, fmt::format("ETag: \"{}\"\r\n", hexOf(sha256Of(body))));
}

std::string problemAnswer(int status, std::string_view json, std::string_view fields) {
  return answerOf(status, json, fmt::format("Content-Type: application/problem+json\r\n{}", fields));
}

std::uint16_t closedPort() {
  std::uint16_t port = 0;
  ::close(listenOnLoopback(port));
  return port;
}

}  // namespace mydht::client
