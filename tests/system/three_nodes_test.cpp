// Proves the promises with three real nodes: any node answers for any key, one may be killed at any time, all may be
// killed at once while writing, and an emptied disk never makes a key look missing and is filled again. Real processes
// on free ports; what was acknowledged is kept in the test and compared.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/filesystem.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>

#include "common/protocol/shapes.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::eventually;
using support::get;
using support::put;

std::string fileOf(std::size_t bytes) {
  std::string content;
  content.reserve(bytes + 20);
  for (std::size_t i = 0; content.size() < bytes; ++i) content += std::to_string(i * i);
  content.resize(bytes);
  return content;
}

/// What a node says of its ring; an empty one while it does not answer.
protocol::RingStatus statusOf(ClusterOfProcesses& cluster, std::size_t node) {
  const auto answer = get(cluster.port(node), "/_mydht/status");
  auto status = protocol::ringStatusFromJson(answer.body);
  return status ? *status : protocol::RingStatus();
}

/// All members are in, by every node's own word.
bool isSettled(ClusterOfProcesses& cluster) {
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const auto status = statusOf(cluster, node);
    if (status.members.size() != cluster.size() || status.activeVersions != 1 || status.toFill > 0) return false;
    if (!status.trouble.empty()) return false;
  }
  return true;
}

TEST(ThreeNodes, AgreeOnOneRing) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  const auto first = statusOf(cluster, 0);
  for (std::size_t node = 1; node < 3; ++node) {
    const auto other = statusOf(cluster, node);
    EXPECT_EQ(other.ringIdentity, first.ringIdentity);
    EXPECT_EQ(other.fingerprint, first.fingerprint);
  }
}

TEST(ThreeNodes, AFileOutlivesTheNodeThatIsKilled) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  const std::string file = fileOf(3'000'000);
  const auto stored = put(cluster.port(0), "/some/file", file);
  ASSERT_EQ(stored.status, 201) << stored.body;
  cluster.kill(1);
  const auto answer = get(cluster.port(2), "/some/file");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body == file);
}

TEST(ThreeNodes, EveryPutAndGetGoesOnWithoutOneOfThem) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  cluster.kill(2);
  for (int i = 0; i < 50; ++i) {
    const std::string key = "/key" + std::to_string(i);
    const std::string value = fileOf(i % 10 == 0 ? 200'000 : 100 + static_cast<std::size_t>(i));
    EXPECT_EQ(put(cluster.port(0), key, value).status, 201) << i;
    EXPECT_TRUE(get(cluster.port(1), key).body == value) << i;
  }
}

TEST(ThreeNodes, AKilledNodeComesBackAndSeesWhatItMissed) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  put(cluster.port(0), "/k", "before");
  cluster.kill(2);
  ASSERT_EQ(put(cluster.port(0), "/k", "meanwhile").status, 204);
  cluster.start(2);
  EXPECT_EQ(get(cluster.port(2), "/k").body, "meanwhile");
}

/// One client that writes without end and remembers what was acknowledged; what was not may be there or not.
struct Writer {
  std::map<std::string, std::string> acknowledged;

  void write(ClusterOfProcesses& cluster, std::size_t number, const std::atomic<bool>& stop) {
    for (std::size_t i = 0; !stop; ++i) {
      const std::string key = "/writer" + std::to_string(number) + "/" + std::to_string(i);
      const std::string value = fileOf(i % 7 == 0 ? 150'000 : 10 + i);
      const auto answer = put(cluster.port(i % cluster.size()), key, value);
      if (answer.status == 201 || answer.status == 204) acknowledged[key] = value;
    }
  }
};

TEST(ThreeNodes, WhatWasAcknowledgedIsThereAfterAllWereKilledAtOnceWhileWriting) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  std::atomic<bool> stop = false;
  std::vector<Writer> writers(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    threads.emplace_back([&, i] { writers[i].write(cluster, i, stop); });
  }
  // Enough was written once a node says so: then all of them die in the middle of it.
  EXPECT_TRUE(eventually([&] { return statusOf(cluster, 0).keys > 300; }));
  for (std::size_t node = 0; node < 3; ++node) cluster.process(node).signal(SIGKILL);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (std::size_t node = 0; node < 3; ++node) cluster.process(node).wait();

  for (std::size_t node = 0; node < 3; ++node) cluster.launch(node);  // without -s
  for (std::size_t node = 0; node < 3; ++node) cluster.awaitReady(node);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  std::size_t checked = 0;
  for (const Writer& writer : writers) {
    for (const auto& [key, value] : writer.acknowledged) {
      EXPECT_TRUE(get(cluster.port(checked % 3), key).body == value) << key;
      ++checked;
    }
  }
  EXPECT_GT(checked, 100U);
}

TEST(ThreeNodes, AnEmptiedNodeNeverMakesAKeyLookMissingAndIsFilledAgain) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  constexpr std::size_t kKeys = 100;
  for (std::size_t i = 0; i < kKeys; ++i) {
    ASSERT_EQ(put(cluster.port(0), "/key" + std::to_string(i), fileOf(i % 20 == 0 ? 100'000 : 50 + i)).status, 201);
  }
  const NodeId before = statusOf(cluster, 2).self;
  cluster.kill(2);
  cluster.emptyDisk(2);
  cluster.launch(2, {"-s", cluster.hostPort(0)});
  std::atomic<bool> filled = false;
  std::atomic<int> missing = 0;
  const std::vector<std::uint16_t> ports = {cluster.port(0), cluster.port(2)};
  std::thread reader([&] {
    for (std::size_t i = 0; !filled; i = (i + 1) % kKeys) {
      for (const std::uint16_t port : ports) {
        const auto answer = get(port, "/key" + std::to_string(i));
        if (answer.status == 404) ++missing;
      }
    }
  });
  cluster.awaitReady(2);
  const bool whole = eventually([&] { return isSettled(cluster) && statusOf(cluster, 2).keys >= kKeys; });
  filled = true;
  reader.join();
  EXPECT_TRUE(whole) << get(cluster.port(2), "/_mydht/status").body << cluster.process(2).errors();
  EXPECT_EQ(missing, 0);
  EXPECT_NE(statusOf(cluster, 2).self, before);
  for (std::size_t i = 0; i < kKeys; ++i) {
    const auto answer = get(cluster.port(2), "/key" + std::to_string(i) + "?consistency=one");
    EXPECT_TRUE(answer.body == fileOf(i % 20 == 0 ? 100'000 : 50 + i)) << i << " " << answer.status;
  }
}

TEST(ThreeNodes, AnEmptiedNodeThatIsStartedWithoutASeedSaysSoAndServesNothing) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  ASSERT_EQ(put(cluster.port(0), "/k", "value").status, 201);
  cluster.kill(2);
  cluster.emptyDisk(2);
  cluster.start(2);
  ASSERT_TRUE(eventually([&] { return !statusOf(cluster, 2).trouble.empty(); }));
  EXPECT_EQ(get(cluster.port(2), "/_mydht/health").status, 503);
  EXPECT_EQ(get(cluster.port(2), "/k").status, 503);
  EXPECT_EQ(get(cluster.port(2), "/_mydht/haskey?key=k").status, 503);
  const auto refused = put(cluster.port(2), "/k", "other");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.field("Mydht-Outcome"), "not-done");
  EXPECT_NE(refused.body.find("-s"), std::string::npos) << refused.body;
  EXPECT_EQ(get(cluster.port(1), "/k").body, "value");
}

TEST(ThreeNodes, ARestoredBackupJoinsAgainAsANewNodeAndBringsNothingBack) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  ASSERT_EQ(put(cluster.port(0), "/k", "old").status, 201);
  const NodeId before = statusOf(cluster, 2).self;
  ASSERT_EQ(cluster.stop(2), 0);
  const std::string backup = cluster.directory() + "/backup";
  boost::filesystem::copy(cluster.dataOf(2), backup, boost::filesystem::copy_options::recursive);
  cluster.start(2);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  for (int i = 0; i < 30; ++i) ASSERT_EQ(put(cluster.port(2), "/k", "new" + std::to_string(i)).status, 204);
  ASSERT_EQ(cluster.stop(2), 0);
  cluster.emptyDisk(2);
  boost::filesystem::rename(backup, cluster.dataOf(2));
  cluster.start(2);
  EXPECT_NE(cluster.process(2).errors().find("restored backup"), std::string::npos) << cluster.process(2).errors();
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); })) << get(cluster.port(2), "/_mydht/status").body;
  EXPECT_NE(statusOf(cluster, 2).self, before);
  EXPECT_EQ(get(cluster.port(2), "/k").body, "new29");
  EXPECT_TRUE(eventually([&] { return get(cluster.port(2), "/k?consistency=one").body == "new29"; }));
}

TEST(ThreeNodes, StopWithinSecondsAllAtOnceAndGoOnWithoutSeeds) {
  ClusterOfProcesses cluster(3);
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  put(cluster.port(0), "/k", "value");
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t node = 0; node < 3; ++node) cluster.process(node).signal(SIGTERM);
  for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(cluster.process(node).wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  for (std::size_t node = 0; node < 3; ++node) cluster.launch(node);
  for (std::size_t node = 0; node < 3; ++node) cluster.awaitReady(node);
  EXPECT_EQ(get(cluster.port(1), "/k").body, "value");
}

}  // namespace
}  // namespace mydht
