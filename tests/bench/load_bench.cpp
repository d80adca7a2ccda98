// The load of tests/bench/run: one thread that keeps one request under way on each of its connections and says how many
// were answered and how long they took. The same client for everything that speaks HTTP/1.1 or Redis's protocol, so
// that what it costs is the same for all; it looks at no more of an answer than whether it is one and where it ends.
//   load_bench http|redis PORT[,PORT...] CONNECTIONS SECONDS REQUESTS
// REQUESTS is a file of requests to send in turn, each behind a line "BYTES ANSWERS", the number of answers to it.
// Prints "ready" when all connections are open, begins when a line comes in, and prints JSON.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(std::string_view why) {
  std::fprintf(stderr, "load_bench: %.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}

/// Times in nanoseconds, in buckets of 1/64 of their size, so that a percentile is right to 2 %.
class Histogram {
 public:
  void add(std::uint64_t nanos) {
    ++buckets_[bucketOf(nanos)];
    ++count_;
    most_ = std::max(most_, nanos);
  }
  /// The time that this share of all did not exceed, in milliseconds.
  double quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen > wanted) return std::min(static_cast<double>(endOf(bucket)), static_cast<double>(most_)) / 1e6;
    }
    return static_cast<double>(most_) / 1e6;
  }

 private:
  static constexpr unsigned kBits = 6;

  static std::size_t bucketOf(std::uint64_t nanos) {
    const auto width = static_cast<unsigned>(std::bit_width(nanos));
    if (width <= kBits) return static_cast<std::size_t>(nanos);
    const unsigned shift = width - kBits - 1;
    return static_cast<std::size_t>(((std::uint64_t{shift} + 1) << kBits) + ((nanos >> shift) - (1U << kBits)));
  }
  static std::uint64_t endOf(std::size_t bucket) {
    if (bucket < (1U << kBits)) return bucket;
    const std::uint64_t shift = (bucket >> kBits) - 1;
    return ((std::uint64_t{1} << kBits) + (bucket & ((1U << kBits) - 1)) + 1) << shift;
  }

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(64 << kBits);
  std::uint64_t count_ = 0;
  std::uint64_t most_ = 0;
};

struct Request {
  std::string bytes;
  unsigned answers = 1;
};

std::vector<Request> readRequests(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<Request> all;
  std::size_t size = 0;
  unsigned answers = 0;
  while (file >> size >> answers && file.get() == '\n') {
    Request request{std::string(size, '\0'), answers};
    if (!file.read(request.bytes.data(), static_cast<std::streamsize>(size))) fail("a request is cut short");
    all.push_back(std::move(request));
  }
  if (all.empty()) fail("no requests");
  return all;
}

/// What an answer begins with, once it is all there.
struct Head {
  std::size_t bytes = 0;   ///< 0: not all there
  std::uint64_t body = 0;  ///< bytes that follow it
  bool good = false;
};

Head httpHead(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  const std::string_view head = text.substr(0, end);
  Head found{end + 4, 0, head.starts_with("HTTP/1.1 2")};
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const auto at = head.find(kName);
  if (at != std::string_view::npos) {
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), found.body);
  } else if (!head.starts_with("HTTP/1.1 204")) {
    fail("an answer without a length");
  }
  return found;
}

/// A number of 0 is a failure: it is how WAIT says that nobody has received a write.
Head redisHead(std::string_view text) {
  const auto end = text.find("\r\n");
  if (end == std::string_view::npos) return {};
  Head found{end + 2, 0, text.front() != '-' && !text.starts_with(":0")};
  if (text.front() == '$') {
    std::int64_t size = -1;
    std::from_chars(text.data() + 1, text.data() + end, size);
    found.good = size >= 0;
    found.body = size < 0 ? 0 : static_cast<std::uint64_t>(size) + 2;
  }
  return found;
}

struct Connection {
  int socket = -1;
  std::size_t next = 0;    ///< the request to send
  unsigned answers = 0;    ///< still to come
  std::uint64_t body = 0;  ///< of the answer that is being read, still to come
  std::string head;        ///< the beginning of a head that is not all there
  Clock::time_point sentAt;
};

class Load {
 public:
  Load(bool http, std::vector<Request> requests) : http_(http), requests_(std::move(requests)) {}

  void open(const std::vector<std::uint16_t>& ports, std::size_t count) {
    connections_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      connections_[i].socket = connectTo(ports[i % ports.size()]);
      connections_[i].next = i % requests_.size();
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &connections_[i];
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].socket, &event) != 0) fail("epoll_ctl");
    }
  }

  void run(double seconds) {
    const auto begun = Clock::now();
    const auto end = begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    for (Connection& connection : connections_) send(connection);
    std::vector<epoll_event> events(512);
    while (Clock::now() < end) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < count; ++i) receive(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - begun).count();
  }

  void print() const {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto inSeconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    std::printf(
        "{\"requests\": %zu, \"errors\": %zu, \"bytes\": %zu, \"seconds\": %.6f, \"p50_ms\": %.4f, "
        "\"p99_ms\": %.4f, \"p999_ms\": %.4f, \"client_cpu_seconds\": %.4f}\n",
        done_, errors_, bytes_, seconds_, times_.quantile(0.5), times_.quantile(0.99), times_.quantile(0.999),
        inSeconds(used.ru_utime) + inSeconds(used.ru_stime));
  }

 private:
  static int connectTo(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fail("cannot connect");
    const int one = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return socket;
  }

  /// Requests are small: a send that blocks for a moment is no matter.
  void send(Connection& connection) {
    const Request& request = requests_[connection.next];
    connection.next = (connection.next + connections_.size()) % requests_.size();
    connection.answers = request.answers;
    connection.sentAt = Clock::now();
    const auto sent = ::send(connection.socket, request.bytes.data(), request.bytes.size(), MSG_NOSIGNAL);
    if (sent != static_cast<std::int64_t>(request.bytes.size())) fail("the server closed a connection");
  }

  void receive(Connection& connection) {
    const auto got = ::recv(connection.socket, room_.get(), kRoom, MSG_DONTWAIT);
    if (got <= 0) fail("the server closed a connection");
    bytes_ += static_cast<std::size_t>(got);
    take(connection, std::string_view(room_.get(), static_cast<std::size_t>(got)));
    if (connection.answers > 0) return;
    ++done_;
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - connection.sentAt);
    times_.add(static_cast<std::uint64_t>(took.count()));
    send(connection);
  }

  /// Counts off what came from the answers that are awaited.
  void take(Connection& connection, std::string_view text) {
    std::string joined;
    if (!connection.head.empty()) {
      joined = std::move(connection.head) + std::string(text);
      connection.head.clear();
      text = joined;
    }
    while (!text.empty()) {
      if (connection.body > 0) {
        const auto part = std::min<std::uint64_t>(connection.body, text.size());
        connection.body -= part;
        text.remove_prefix(static_cast<std::size_t>(part));
        if (connection.body == 0) --connection.answers;
        continue;
      }
      const Head head = http_ ? httpHead(text) : redisHead(text);
      if (head.bytes == 0) {
        connection.head = std::string(text);
        return;
      }
      if (!head.good) ++errors_;
      connection.body = head.body;
      text.remove_prefix(head.bytes);
      if (connection.body == 0) --connection.answers;
    }
  }

  static constexpr std::size_t kRoom = 256 * 1024;

  bool http_;
  std::vector<Request> requests_;
  std::vector<Connection> connections_;
  int epoll_ = ::epoll_create1(0);
  std::unique_ptr<char[]> room_{new char[kRoom]};
  Histogram times_;
  std::size_t done_ = 0;
  std::size_t errors_ = 0;
  std::size_t bytes_ = 0;
  double seconds_ = 0;
};

std::vector<std::uint16_t> portsOf(std::string_view text) {
  std::vector<std::uint16_t> ports;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at < end) {
    std::uint16_t port = 0;
    const auto [behind, problem] = std::from_chars(at, end, port);
    if (problem != std::errc() || port == 0) fail("ports are numbers");
    ports.push_back(port);
    at = behind + (behind < end ? 1 : 0);
  }
  if (ports.empty()) fail("no port");
  return ports;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 6 ? argv[1] : "";
  const int connections = argc == 6 ? std::atoi(argv[3]) : 0;
  const double seconds = argc == 6 ? std::atof(argv[4]) : 0;
  if ((kind != "http" && kind != "redis") || connections < 1 || seconds <= 0) {
    std::fprintf(stderr, "usage: load_bench http|redis PORT[,PORT...] CONNECTIONS SECONDS REQUESTS\n");
    return 2;
  }
  Load load(kind == "http", readRequests(argv[5]));
  load.open(portsOf(argv[2]), static_cast<std::size_t>(connections));
  std::printf("ready\n");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
  load.run(seconds);
  load.print();
  return 0;
}
