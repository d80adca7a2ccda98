// Proves with three real nodes what the original did not survive: a dead node is not asked again and again, and a
// frozen one hangs nobody, catches up when it comes back, and is used again. How: clients at the other two nodes all
// the time; the dead node's port is listened on by the test, which counts who still comes; SIGSTOP freezes. What it
// took is printed, since a machine that is busy with other things gives no figures to compare.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/protocol/shapes.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using namespace std::chrono_literals;
using support::ClusterOfProcesses;
using support::eventually;
using Clock = std::chrono::steady_clock;

std::string valueOf(std::size_t number) {
  const std::string begin = "value " + std::to_string(number) + ".";
  std::string value = begin;
  const std::size_t size = number % 20 == 3 ? 3'000'000 : number % 5 == 1 ? 200'000 : begin.size();
  value.resize(size, static_cast<char>('a' + number % 26));
  return value;
}

/// What one client met: how long each operation took, and what went wrong.
struct Report {
  std::mutex mutex;
  std::vector<std::pair<Clock::time_point, std::chrono::milliseconds>> took;
  std::vector<std::string> broken;

  void note(Clock::time_point begin, bool right, const std::string& what) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex);
    took.emplace_back(begin, std::chrono::duration_cast<std::chrono::milliseconds>(now - begin));
    if (!right) broken.push_back(what);
  }
  /// The slowest of those that began in that time, and how many there were.
  std::pair<long long, std::size_t> slowest(Clock::time_point from, Clock::time_point to) {
    const std::lock_guard lock(mutex);
    std::chrono::milliseconds most{0};
    std::size_t count = 0;
    for (const auto& [begin, time] : took) {
      if (begin < from || begin >= to) continue;
      most = std::max(most, time);
      ++count;
    }
    return {most.count(), count};
  }
};

/// Puts, reads back through the other node, reads a range, deletes: one key after the other until told to stop.
void work(std::uint16_t here, std::uint16_t there, const std::string& name, const std::atomic<bool>& stop,
          Report& report) {
  for (std::size_t i = 0; !stop; ++i) {
    const std::string target = "/" + name + "/" + std::to_string(i % 50);
    const std::string value = valueOf(i);
    auto begin = Clock::now();
    const auto stored = support::put(here, target, value);
    report.note(begin, stored.status == 201 || stored.status == 204, "put: " + stored.body);
    begin = Clock::now();
    const auto read = support::get(there, target);
    report.note(
        begin, read.status == 200 && read.body == value,
        "get " + std::to_string(value.size()) + ": " + std::to_string(read.status) + " " + read.body.substr(0, 300));
    begin = Clock::now();
    const auto range = support::get(here, target, "Range: bytes=2-6\r\n");
    report.note(begin, range.status == 206 && range.body == value.substr(2, 5), "range: " + range.body.substr(0, 200));
    if (i % 7 != 0) continue;
    begin = Clock::now();
    const auto deleted = support::ask(here, {"DELETE", target, "", ""});
    report.note(begin, deleted.status == 204 || deleted.status == 200, "delete: " + deleted.body);
  }
}

/// Clients at the nodes that are well; ended and joined at the end.
class Clients {
 public:
  Clients(std::uint16_t one, std::uint16_t other) {
    threads_.emplace_back([=, this] { work(one, other, "a", stop_, report); });
    threads_.emplace_back([=, this] { work(other, one, "b", stop_, report); });
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  ~Clients() { stop(); }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  Report report;

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

/// Listens where a dead node did, and counts who comes; takes each connection and closes it.
class Grave {
 public:
  explicit Grave(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bound_ = ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
             ::listen(descriptor_, 64) == 0;
    thread_ = std::thread([this] { count(); });
  }
  Grave(const Grave&) = delete;
  Grave& operator=(const Grave&) = delete;
  ~Grave() {
    stop_ = true;
    thread_.join();
    ::close(descriptor_);
  }
  bool bound() const { return bound_; }
  unsigned visitors() const { return visitors_; }

 private:
  void count() {
    while (!stop_) {
      pollfd waiting{descriptor_, POLLIN, 0};
      if (::poll(&waiting, 1, 50) <= 0) continue;
      const int taken = ::accept(descriptor_, nullptr, nullptr);
      if (taken < 0) continue;
      ++visitors_;
      ::close(taken);
    }
  }
  const int descriptor_;
  bool bound_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<unsigned> visitors_ = 0;
  std::thread thread_;
};

protocol::RingStatus statusOf(ClusterOfProcesses& cluster, std::size_t node) {
  auto status = protocol::ringStatusFromJson(support::get(cluster.port(node), "/_mydht/status").body);
  return status ? *status : protocol::RingStatus();
}

bool isSettled(ClusterOfProcesses& cluster) {
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const auto status = statusOf(cluster, node);
    if (status.members.size() != cluster.size() || status.activeVersions != 1 || status.toFill > 0) return false;
    if (!status.trouble.empty()) return false;
  }
  return true;
}

void print(const char* when, Report& report, Clock::time_point from, Clock::time_point to) {
  const auto [slowest, count] = report.slowest(from, to);
  std::printf("%s: %zu operations, the slowest took %lld ms\n", when, count, slowest);
}

TEST(FailingNodes, ADeadNodeIsNotAskedAgainAndAgain) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  Clients clients(cluster.port(0), cluster.port(1));
  const auto begin = Clock::now();
  std::this_thread::sleep_for(1s);
  cluster.kill(2);
  const auto killed = Clock::now();
  const Grave grave(cluster.port(2));
  ASSERT_TRUE(grave.bound());
  std::this_thread::sleep_for(3s);  // by then it is not suspect any more, but known to be dead
  const unsigned before = grave.visitors();
  const auto later = Clock::now();
  const std::size_t enough = clients.report.slowest(later, Clock::time_point::max()).second + 200;
  EXPECT_TRUE(eventually([&] {
    return clients.report.slowest(later, Clock::time_point::max()).second >= enough && Clock::now() - later > 4s;
  }));
  clients.stop();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - later).count() + 1;
  print("healthy", clients.report, begin, killed);
  print("in the first 3 s", clients.report, killed, later);
  print("later", clients.report, later, Clock::time_point::max());
  std::printf("the dead node was asked %u times in the first 3 s, %u times in %lld s later\n", before,
              grave.visitors() - before, static_cast<long long>(seconds));
  EXPECT_EQ(clients.report.broken, std::vector<std::string>());
  // Each of the two others by gossip, after 1 s, 2 s, 4 s and then every 8 s, and by the failure detector once a
  // second.
  EXPECT_LE(grave.visitors() - before, 2 * (3 + seconds / 8) + 2 * (seconds + 1));
}

TEST(FailingNodes, AFrozenNodeHangsNobodyAndCatchesUpWhenItComesBack) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  ASSERT_EQ(support::put(cluster.port(0), "/missed", "before").status, 201);
  Clients clients(cluster.port(0), cluster.port(1));
  const auto begin = Clock::now();
  std::this_thread::sleep_for(1s);
  cluster.process(2).signal(SIGSTOP);
  const auto frozen = Clock::now();
  std::this_thread::sleep_for(3s);
  const auto later = Clock::now();
  std::this_thread::sleep_for(4s);
  const auto end = Clock::now();
  EXPECT_EQ(support::put(cluster.port(0), "/missed", "meanwhile").status, 204);
  cluster.process(2).signal(SIGCONT);
  EXPECT_EQ(support::get(cluster.port(2), "/missed").body, "meanwhile") << "nothing stale at a quorum";
  const auto writtenBack = [&] {
    support::get(cluster.port(2), "/missed");
    return support::get(cluster.port(2), "/missed?consistency=one").body == "meanwhile";
  };
  EXPECT_TRUE(eventually(writtenBack)) << "what the quorum read found behind was written back";
  const auto usedAgain = [&] {
    for (const std::size_t node : {0U, 1U}) {
      const auto status = statusOf(cluster, node);
      const auto fine = [](const protocol::NodeStatus& member) { return member.lastCallOk.value_or(true); };
      if (status.members.size() != 3 || !std::ranges::all_of(status.members, fine)) return false;
    }
    return true;
  };
  EXPECT_TRUE(eventually(usedAgain));
  const auto used = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - end).count();
  clients.stop();
  print("healthy", clients.report, begin, frozen);
  print("frozen, the first 3 s", clients.report, frozen, later);
  print("frozen, later", clients.report, later, end);
  std::printf("used again after %lld ms\n", static_cast<long long>(used));
  EXPECT_EQ(clients.report.broken, std::vector<std::string>());
  // Far more than it takes, and far less than it would be if any one of them waited for the frozen node.
  EXPECT_LT(clients.report.slowest(frozen, end).first, 10'000);
  EXPECT_GT(clients.report.slowest(later, end).second, 20U);
}

}  // namespace
}  // namespace mydht
