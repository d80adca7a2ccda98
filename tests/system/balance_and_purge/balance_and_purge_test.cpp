// Proves with real nodes two disasters of the original that cannot happen any more: a balance that begins at the node
// which missed a delete brings nothing back, and a purge that comes before anything was balanced loses nothing. How:
// the commands of mydhtclient at every node, then every key from every node, and the copies counted.
#include <gtest/gtest.h>

#include <string>

#include "common/protocol/shapes.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::eventually;
using support::get;
using support::put;

constexpr std::size_t kKeys = 60;

std::string pathOf(std::size_t number) {
  return "/key" + std::to_string(number);
}

/// Every tenth is a file on the disk.
std::string valueOf(std::size_t number) {
  return std::string(number % 10 == 3 ? 100'000 : 20, static_cast<char>('a' + number % 26)) + std::to_string(number);
}

protocol::RingStatus statusOf(ClusterOfProcesses& cluster, std::size_t node) {
  auto status = protocol::ringStatusFromJson(get(cluster.port(node), "/_mydht/status").body);
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

/// Copies of live keys on all nodes together.
std::uint64_t copies(ClusterOfProcesses& cluster) {
  std::uint64_t count = 0;
  for (std::size_t node = 0; node < cluster.size(); ++node) count += statusOf(cluster, node).keys;
  return count;
}

/// Runs the command until it is said to be done: right after a start or a change of the ring it may have to wait.
void mustPrint(ClusterOfProcesses& cluster, std::size_t node, const std::string& command, const std::string& line) {
  support::Finished last;
  const bool done = eventually([&] {
    last = cluster.client(node, {"-c", command, "--wait"});
    return last.status == 0;
  });
  EXPECT_TRUE(done) << command << ": " << last.errors;
  EXPECT_EQ(last.output, line);
}

TEST(BalanceAndPurge, ADeletedKeyIsNotBroughtBackByBalance) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  for (std::size_t i = 0; i < kKeys; ++i) ASSERT_EQ(put(cluster.port(0), pathOf(i), valueOf(i)).status, 201);
  ASSERT_TRUE(eventually([&] { return copies(cluster) == 3 * kKeys; }));
  cluster.kill(2);
  for (std::size_t i = 0; i < kKeys; ++i) {
    support::HttpRequest remove;
    remove.method = "DELETE";
    remove.target = pathOf(i);
    ASSERT_EQ(support::ask(cluster.port(0), remove).status, 204);
  }
  cluster.start(2);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  mustPrint(cluster, 2, "balance", "BALANCE ok\n");
  EXPECT_EQ(copies(cluster), 0U);
  for (std::size_t i = 0; i < kKeys; ++i) {
    for (std::size_t node = 0; node < 3; ++node) {
      EXPECT_EQ(get(cluster.port(node), pathOf(i) + "?consistency=one").status, 404) << i << " at " << node;
    }
  }
}

TEST(BalanceAndPurge, APurgeBeforeTheBalanceLosesNothing) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  for (std::size_t i = 0; i < kKeys; ++i) ASSERT_EQ(put(cluster.port(0), pathOf(i), valueOf(i)).status, 201);
  cluster.launch(3, {"-s", cluster.hostPort(0)});
  // While it joins every node is told to throw away what is not its own.
  for (std::size_t node = 0; node < 3; ++node) (void)cluster.client(node, {"-c", "purge"});
  cluster.awaitReady(3);
  for (std::size_t node = 0; node < 4; ++node) (void)cluster.client(node, {"-c", "purge"});
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  for (std::size_t node = 0; node < 4; ++node) mustPrint(cluster, node, "purge", "PURGE ok\n");
  mustPrint(cluster, 3, "balance", "BALANCE ok\n");
  // A purge keeps what a home node cannot vouch for yet; what is left then goes by itself.
  EXPECT_TRUE(eventually([&] { return copies(cluster) == 3 * kKeys; }))
      << copies(cluster) << " copies: three of each, and none where it does not belong";
  for (std::size_t i = 0; i < kKeys; ++i) {
    const auto answer = get(cluster.port(i % 4), pathOf(i));
    EXPECT_TRUE(answer.body == valueOf(i)) << i << " " << answer.status;
  }
}

}  // namespace
}  // namespace mydht
