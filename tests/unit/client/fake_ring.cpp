#include "tests/unit/client/fake_ring.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "common/hash/sha256.h"
#include "common/http/head.h"
#include "common/http/percent.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {

namespace {

std::string parameter(const std::string& query, std::string_view name) {
  const auto value = http::queryValue(query, name);
  return value && *value ? **value : std::string();
}

std::string notDone() {
  return problemAnswer(503, R"({"title":"Service Unavailable","status":503,"detail":"too few home nodes"})",
                       "Mydht-Outcome: not-done\r\n");
}

/// Takes a chunked body off the buffer; false while it is not whole.
bool takeChunked(std::string& buffer, std::string& body) {
  std::string_view rest = buffer;
  body.clear();
  while (true) {
    const std::size_t line = rest.find("\r\n");
    if (line == std::string_view::npos) return false;
    std::size_t size = 0;
    std::from_chars(rest.data(), rest.data() + line, size, 16);
    if (rest.size() < line + 2 + size + 2) return false;
    body += rest.substr(line + 2, size);
    rest.remove_prefix(line + 2 + size + 2);
    if (size > 0) continue;
    buffer = std::string(rest);
    return true;
  }
}

}  // namespace

FakeRing::FakeRing() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // What the kernel takes off the client's hands at once is little: a pause is felt there.
  const int bytes = 128 * 1024;
  EXPECT_EQ(::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener_, 128), 0);
  EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { serve(); });
}

FakeRing::~FakeRing() {
  over_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void FakeRing::set(const std::string& key, const std::string& value) {
  const std::lock_guard lock(mutex_);
  values_[key] = value;
}

std::map<std::string, std::string> FakeRing::values() {
  const std::lock_guard lock(mutex_);
  return values_;
}

void FakeRing::failKey(const std::string& key) {
  const std::lock_guard lock(mutex_);
  failing_.insert(key);
}

void FakeRing::failListings() {
  const std::lock_guard lock(mutex_);
  listingsFail_ = true;
}

void FakeRing::pagesOf(std::size_t items) {
  const std::lock_guard lock(mutex_);
  pageItems_ = items;
}

std::vector<std::string> FakeRing::asked() {
  const std::lock_guard lock(mutex_);
  return asked_;
}

std::size_t FakeRing::askedFor(const std::string& beginning) {
  const auto all = asked();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const std::string& one) { return one.starts_with(beginning); }));
}

std::size_t FakeRing::mostConnections() {
  const std::lock_guard lock(mutex_);
  return mostConnections_;
}

void FakeRing::serve() {
  while (!over_) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      connections_.insert(connection);
      mostConnections_ = std::max(mostConnections_, connections_.size());
    }
    threads_.emplace_back([this, connection] { serveConnection(connection); });
  }
}

void FakeRing::serveConnection(int connection) {
  std::string buffer;
  while (serveRequest(connection, buffer)) {
  }
  const std::lock_guard lock(mutex_);
  connections_.erase(connection);
  ::close(connection);
}

bool FakeRing::serveRequest(int connection, std::string& buffer) {
  const auto more = [&] {
    char bytes[65536];
    const ssize_t got = ::recv(connection, bytes, sizeof bytes, 0);
    if (got > 0) buffer.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  };
  http::RequestHead head;
  http::ParseOutcome outcome = http::parseRequestHead(buffer, head);
  while (!outcome.done()) {
    if (outcome.bad() || !more()) return false;
    outcome = http::parseRequestHead(buffer, head);
  }
  const std::string method(head.methodText);
  const std::string path(head.path);
  const std::string query(head.query);
  const std::uint64_t length = head.contentLength.value_or(0);
  const bool chunked = head.chunked;
  const bool waits = head.expectContinue;
  buffer.erase(0, outcome.consumed);
  if (waits) sendAll(connection, "HTTP/1.1 100 Continue\r\n\r\n", false);
  std::string body;
  while (chunked ? !takeChunked(buffer, body) : buffer.size() < length) {
    if (!more()) return false;
    if (length > 0) std::this_thread::sleep_for(std::chrono::milliseconds(pauseMillis_));
  }
  if (!chunked) {
    body = buffer.substr(0, length);
    buffer.erase(0, length);
  }
  return sendAll(connection, answerTo(method, path, query, body), pauseMillis_ > 0);
}

std::string FakeRing::answerTo(const std::string& method, const std::string& path, const std::string& query,
                               const std::string& body) {
  const std::lock_guard lock(mutex_);
  asked_.push_back(method + " " + path + (query.empty() ? "" : "?" + query));
  if (path == protocol::kKeysPath) return listingsFail_ ? notDone() : answerOf(200, list(query));
  const std::string key = path == protocol::kValuePath ? parameter(query, "key") : *http::decodePercent(path.substr(1));
  if (failing_.contains(key)) return notDone();
  if (method == "PUT") {
    const bool isNew = values_.insert_or_assign(key, body).second;
    return isNew ? answerOf(201, "") : "HTTP/1.1 204 No Content\r\n\r\n";
  }
  const auto found = values_.find(key);
  if (found == values_.end()) {
    return problemAnswer(404, R"({"title":"Not Found","status":404,"detail":"no such key"})");
  }
  return valueAnswer(found->second);
}

std::string FakeRing::list(const std::string& query) {
  const std::string prefix = parameter(query, protocol::kPrefixParameter);
  const std::string after = parameter(query, protocol::kAfterParameter);
  const std::string limit = parameter(query, protocol::kLimitParameter);
  const std::size_t items = std::min(pageItems_, limit.empty() ? pageItems_ : std::stoul(limit));
  protocol::Listing page;
  for (const auto& [key, value] : values_) {
    if (key <= after || !key.starts_with(prefix)) continue;
    if (page.keys.size() == items) {
      page.next = page.keys.back().key;
      break;
    }
    page.keys.push_back({.key = key,
                         .size = value.size(),
                         .modifiedMicros = 1'795'000'000'000'000,
                         .sha256 = hexOf(sha256Of(value)),
                         .contentType = ""});
  }
  return protocol::toJson(page);
}

bool FakeRing::sendAll(int connection, std::string_view bytes, bool paused) const {
  constexpr std::size_t kPiece = 64 * 1024;
  while (!bytes.empty()) {
    const std::string_view piece = paused ? bytes.substr(0, kPiece) : bytes;
    const ssize_t sent = ::send(connection, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (paused && !bytes.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(pauseMillis_));
  }
  return true;
}

}  // namespace mydht::client
