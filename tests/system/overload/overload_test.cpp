// Proves that a ring that is asked for far more than it can do does not collapse: what it does not take it refuses at
// once with 503, Retry-After and an outcome, nothing else; it goes on doing about as much as before; memory stays
// within a bound; and seconds after the crowd has gone, it serves as if nothing had been. What it acknowledged is
// there. How: three real nodes, first some clients and then a crowd that tries again at once whenever it is refused.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"
#include "tests/system/overload/crowd.h"

namespace mydht {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using support::eventually;
using support::HttpClient;

/// Requests that each loop of a node works on at once: little, so that a crowd of a test's size is too much.
constexpr unsigned kBusy = 16;
/// What three nodes with two loops each can have in hand is 96; five times that and more.
constexpr std::size_t kCrowd = 1200;
constexpr std::size_t kFew = 48;
constexpr std::size_t kMostResidentKib = 512 * 1024;

std::size_t residentKibOf(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::size_t kib = 0;
  for (std::string name; status >> name;) {
    if (name == "VmHWM:") status >> kib;
  }
  return kib;
}

class Overload : public ::testing::Test {
 protected:
  Overload() {
    for (std::size_t node = 0; node < 3; ++node) {
      std::vector<std::string> options = {"--busy", std::to_string(kBusy), "--loops", "2"};
      if (node > 0) options.insert(options.end(), {"-s", cluster_.hostPort(0)});
      cluster_.start(node, options);
      ports_.push_back(cluster_.port(node));
    }
  }

  /// Puts acknowledged in a second, while the crowd is at it.
  static double rateOf(const Crowd& crowd, std::chrono::milliseconds time) {
    const std::size_t before = crowd.done();
    std::this_thread::sleep_for(time);
    return static_cast<double>(crowd.done() - before) * 1000.0 / static_cast<double>(time.count());
  }

  /// Every key as it was acknowledged last, or as it was put later.
  void expectAll(const Crowd& crowd) {
    HttpClient client(ports_[1]);
    for (const auto& [target, key] : crowd.keys()) {
      if (key.acknowledged == 0) continue;
      client.send({"GET", target, "", ""});
      const auto read = client.answer();
      ASSERT_EQ(read.status, 200) << target << " " << read.body;
      bool right = false;
      for (std::size_t number = key.acknowledged; number <= key.begun && !right; ++number) {
        right = read.body == Crowd::valueOf(target, number);
      }
      EXPECT_TRUE(right) << read.body.substr(0, 60) << ", acknowledged was " << key.acknowledged;
    }
  }

  support::ClusterOfProcesses cluster_{0};
  std::vector<std::uint16_t> ports_;
};

TEST_F(Overload, IsAnsweredBy503AndEndsWithTheCrowdAndNothingAcknowledgedIsLost) {
  double sustained = 0;
  {
    Crowd few(ports_, kFew, "few");
    ASSERT_TRUE(eventually([&] { return few.done() > 500; }));
    sustained = rateOf(few, 2s);
    few.stop();
    EXPECT_EQ(few.told().others, std::vector<std::string>());
    EXPECT_EQ(few.told().notDone, 0U) << "that was not too much";
  }
  Crowd crowd(ports_, kCrowd, "crowd");
  ASSERT_TRUE(eventually([&] { return crowd.done() > 500; }));
  const double overloaded = rateOf(crowd, 5s);
  crowd.stop();
  const auto gone = Clock::now();
  const auto normal = [&] {
    for (const std::uint16_t port : ports_) {
      const auto begin = Clock::now();
      if (support::put(port, "/normal", "value").status >= 300) return false;
      if (support::get(port, "/normal").body != "value") return false;
      if (Clock::now() - begin > 500ms) return false;
    }
    return true;
  };
  EXPECT_TRUE(eventually(normal));
  const auto recovered = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - gone);
  const Told& told = crowd.told();
  std::printf(
      "%zu clients: %.0f puts/s; %zu clients: %.0f puts/s (%.2f); done %zu, refused %zu not-done and %zu unknown, "
      "%zu connections; normal after %lld ms\n",
      kFew, sustained, kCrowd, overloaded, overloaded / sustained, told.done, told.notDone, told.unknown,
      told.connections, static_cast<long long>(recovered.count()));
  EXPECT_EQ(told.others, std::vector<std::string>());
  EXPECT_GT(told.notDone, 0U) << "the crowd was no crowd";
  EXPECT_GT(overloaded, 0);
  EXPECT_LT(recovered, 10s);
  expectAll(crowd);
  std::size_t counted = 0;
  for (std::size_t node = 0; node < 3; ++node) {
    const std::string name = "\nmydht_http_too_busy_total ";
    const std::string metrics = support::get(ports_[node], "/_mydht/metrics").body;
    ASSERT_NE(metrics.find(name), std::string::npos);
    counted += std::stoul(metrics.substr(metrics.find(name) + name.size()));
    const std::size_t resident = residentKibOf(cluster_.process(node).pid());
    std::printf("node %zu: at most %zu MiB resident\n", node, resident / 1024);
    EXPECT_LE(resident, kMostResidentKib);
    EXPECT_EQ(cluster_.stop(node), 0) << cluster_.process(node).errors();
  }
  EXPECT_GT(counted, 0U);
}

}  // namespace
}  // namespace mydht
