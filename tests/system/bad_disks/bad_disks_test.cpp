// Proves what real nodes do with real bad disks: a full file system refuses puts with 507, serves gets and deletes from
// its reserve, says so and recovers by itself; bits flipped in, and ends cut off, a value's file or a table of the
// database are never served, and are repaired from another home node, by a read or by the scrub. How: small file
// systems in memory in a mount namespace of this process and its nodes (root only), and files harmed in place.
#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <random>

#include "common/protocol/shapes.h"
#include "tests/support/disks/damage.h"
#include "tests/support/disks/small_disk.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

namespace fs = boost::filesystem;
using support::ask;
using support::ClusterOfProcesses;
using support::eventually;
using support::filesIn;
using support::flipInTheMiddle;
using support::get;
using support::put;
using support::SmallDisk;

constexpr std::size_t kMib = 1024 * 1024;
constexpr std::uint64_t kDiskMib = 192;

/// Bytes that nothing compresses.
std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(bytes, '\0');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

protocol::RingStatus statusOf(ClusterOfProcesses& cluster, std::size_t node) {
  auto status = protocol::ringStatusFromJson(get(cluster.port(node), "/_mydht/status").body);
  return status ? *status : protocol::RingStatus();
}

protocol::DiskStatus diskOf(ClusterOfProcesses& cluster, std::size_t node) {
  return statusOf(cluster, node).disk.value_or(protocol::DiskStatus());
}

bool isSettled(ClusterOfProcesses& cluster) {
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const auto status = statusOf(cluster, node);
    if (status.members.size() != cluster.size() || status.activeVersions != 1 || status.toFill > 0) return false;
    if (!status.trouble.empty()) return false;
  }
  return true;
}

int putStatus(ClusterOfProcesses& cluster, std::size_t node, const std::string& key, const std::string& value) {
  return put(cluster.port(node), "/" + key, value).status;
}

/// Whether a put is answered so; else what was answered.
testing::AssertionResult putsWith(int status, ClusterOfProcesses& cluster, std::size_t node, const std::string& key,
                                  const std::string& value) {
  const auto answer = put(cluster.port(node), "/" + key, value);
  if (answer.status == status) return testing::AssertionSuccess();
  return testing::AssertionFailure() << key << " through node " << node << ": " << answer.status << " " << answer.body;
}

int deleteStatus(ClusterOfProcesses& cluster, std::size_t node, const std::string& key) {
  return ask(cluster.port(node), {.method = "DELETE", .target = "/" + key}).status;
}

/// Small file systems of their own for nodes' data.
class SmallDisks : public testing::Test {
 protected:
  static void SetUpTestSuite() { alone_ = SmallDisk::possible(); }
  void SetUp() override {
    if (!alone_) GTEST_SKIP() << "only root can mount";
  }

  static inline bool alone_ = false;
};

TEST_F(SmallDisks, AFullOneRefusesPutsAloneSaysSoAndRecoversByItself) {
  ClusterOfProcesses cluster(0);
  const SmallDisk disk(cluster.dataOf(0), kDiskMib);
  cluster.start(0, {"--disk-reserve", "32"});
  ASSERT_TRUE(putsWith(201, cluster, 0, "small", "old"));
  ASSERT_TRUE(putsWith(201, cluster, 0, "large", std::string(kMib, 'o')));
  ASSERT_TRUE(putsWith(201, cluster, 0, "goes", "away"));

  // More than there is room for: refused, and the previous value stays.
  EXPECT_TRUE(putsWith(507, cluster, 0, "large", noise(200 * kMib, 1)));
  EXPECT_EQ(get(cluster.port(0), "/large").body, std::string(kMib, 'o'));

  disk.fillUp();
  ASSERT_TRUE(eventually([&] { return diskOf(cluster, 0).state == "full"; }));
  disk.fillUp();  // what the reserve has freed is taken too, but for what the node needs
  const auto refused = put(cluster.port(0), "/small", "new");
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_EQ(refused.field("Mydht-Outcome"), "not-done");
  EXPECT_TRUE(putsWith(507, cluster, 0, "large", std::string(kMib, 'n')));
  EXPECT_EQ(get(cluster.port(0), "/small").body, "old");
  EXPECT_EQ(get(cluster.port(0), "/large").body, std::string(kMib, 'o'));
  EXPECT_NE(get(cluster.port(0), "/_mydht/metrics").body.find("\nmydht_disk_full 1\n"), std::string::npos);
  EXPECT_NE(cluster.process(0).errors().find(" disk.full "), std::string::npos);

  disk.makeRoom();
  EXPECT_TRUE(eventually([&] { return putStatus(cluster, 0, "small", "new") == 204; }));
  EXPECT_TRUE(eventually([&] { return diskOf(cluster, 0).state == "ok"; }));
  EXPECT_EQ(get(cluster.port(0), "/small").body, "new");
}

TEST_F(SmallDisks, DeletesGoOnOnAFullOneAndMakeRoom) {
  ClusterOfProcesses cluster(0);
  const SmallDisk disk(cluster.dataOf(0), kDiskMib);
  cluster.start(0, {"--disk-reserve", "32"});
  unsigned stored = 0;
  int last = 201;
  while (last == 201 && stored < 100) {
    last = putStatus(cluster, 0, "file" + std::to_string(stored), noise(4 * kMib, stored));
    if (last == 201) ++stored;
  }
  ASSERT_EQ(last, 507);
  ASSERT_GT(stored, 5U);
  for (unsigned i = 0; i < stored; ++i) {
    EXPECT_EQ(get(cluster.port(0), "/file" + std::to_string(i)).body.size(), 4 * kMib);
  }
  // What is left of the room goes too, at first down to the reserve, then to the last byte.
  disk.fillUp();
  ASSERT_TRUE(eventually([&] { return diskOf(cluster, 0).state == "full"; }));
  disk.fillUp();
  EXPECT_EQ(putStatus(cluster, 0, "small", "value"), 507);
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(deleteStatus(cluster, 0, "file" + std::to_string(i)), 204);
  disk.makeRoom();
  EXPECT_TRUE(eventually([&] { return putStatus(cluster, 0, "file0", noise(4 * kMib, 0)) == 201; }));
}

TEST_F(SmallDisks, InARingTheOthersGoOn) {
  ClusterOfProcesses cluster(0);
  cluster.start(0);
  const SmallDisk disk(cluster.dataOf(1), kDiskMib);
  cluster.start(1, {"-s", cluster.hostPort(0), "--disk-reserve", "32"});
  cluster.start(2, {"-s", cluster.hostPort(0)});
  ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  disk.fillUp();
  ASSERT_TRUE(eventually([&] { return diskOf(cluster, 1).state == "full"; }));
  for (std::size_t node = 0; node < 3; ++node) {
    const std::string key = "key" + std::to_string(node);
    EXPECT_TRUE(putsWith(201, cluster, node, key, "small"));
    EXPECT_TRUE(putsWith(204, cluster, node, key, std::string(kMib, 'l')));
    EXPECT_EQ(get(cluster.port(1), "/" + key).body, std::string(kMib, 'l'));
  }
  EXPECT_TRUE(eventually([&] {
    for (const auto& member : statusOf(cluster, 0).members) {
      if (member.name == cluster.hostPort(1)) return member.disk == "full";
    }
    return false;
  }));
  EXPECT_NE(cluster.client(1, {"status"}).output.find("FULL"), std::string::npos);
  disk.makeRoom();
  EXPECT_TRUE(eventually([&] { return diskOf(cluster, 1).state == "ok"; }));
}

class DamagedFiles : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
  }
  /// All that was found damaged has been written anew.
  bool isRepaired(std::size_t node, std::uint64_t least) {
    const auto disk = diskOf(cluster, node);
    return disk.repaired >= least && disk.waiting == 0;
  }
  /// The largest table of a node's database, the node's log written into one; it is stopped then.
  std::string largestTable(std::size_t node) {
    EXPECT_EQ(cluster.stop(node), 0);
    cluster.start(node);
    EXPECT_EQ(cluster.stop(node), 0);
    std::string largest;
    for (const std::string& table : filesIn(cluster.dataOf(node) + "/rows", ".sst")) {
      if (largest.empty() || fs::file_size(table) > fs::file_size(largest)) largest = table;
    }
    EXPECT_FALSE(largest.empty());
    return largest;
  }
  bool holds(std::size_t node, const std::string& key) {
    return get(cluster.port(node), "/_mydht/haskey?key=" + key + "&consistency=one").status == 200;
  }

  ClusterOfProcesses cluster{3};
};

TEST_F(DamagedFiles, AValueWithAFlippedBitOrWithoutItsEndIsNeverServedAndIsRepaired) {
  const std::string value = noise(2 * kMib, 7);
  ASSERT_TRUE(putsWith(201, cluster, 0, "film", value));
  ASSERT_TRUE(eventually([&] { return filesIn(cluster.dataOf(1) + "/blobs", "").size() == 1; }));
  for (const bool cutOff : {false, true}) {
    const auto before = filesIn(cluster.dataOf(1) + "/blobs", "");
    ASSERT_EQ(before.size(), 1U);
    ASSERT_EQ(cluster.stop(1), 0);
    cluster.start(1);
    if (cutOff) {
      fs::resize_file(before[0], kMib);
    } else {
      flipInTheMiddle(before[0]);
    }
    ASSERT_TRUE(eventually([&] { return isSettled(cluster); }));
    for (const char* const how : {"", "?consistency=one"}) {
      const auto answer = get(cluster.port(1), std::string("/film") + how);
      EXPECT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.whole);
      EXPECT_TRUE(answer.body == value) << how << " cut off: " << cutOff;
    }
    EXPECT_TRUE(eventually([&] { return isRepaired(1, 1); })) << cluster.process(1).errors();
    EXPECT_TRUE(eventually([&] {
      const auto after = filesIn(cluster.dataOf(1) + "/blobs", "");
      return after.size() == 1 && after[0] != before[0];
    }));
    EXPECT_NE(cluster.process(1).errors().find(" corruption.repaired "), std::string::npos);
  }
}

TEST_F(DamagedFiles, ATableOfTheDatabaseWithAFlippedBitIsNeverServedAndItsValueIsRepaired) {
  const std::string value = noise(60'000, 3);
  ASSERT_TRUE(putsWith(201, cluster, 0, "note", value));
  const std::string largest = largestTable(1);
  ASSERT_GT(fs::file_size(largest), value.size());
  flipInTheMiddle(largest);
  cluster.start(1);
  ASSERT_TRUE(eventually([&] { return get(cluster.port(1), "/_mydht/health").status == 200; }));
  for (const char* const how : {"", "?consistency=one"}) {
    const auto answer = get(cluster.port(1), std::string("/note") + how);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.body == value) << how;
  }
  EXPECT_TRUE(eventually([&] { return isRepaired(1, 1); })) << cluster.process(1).errors();
  ASSERT_EQ(cluster.stop(0), 0);
  EXPECT_TRUE(get(cluster.port(1), "/note").body == value);  // needs its vote
}

TEST_F(DamagedFiles, ADamagedTableIsToldByAllUntilTheDataDirectoryIsReplaced) {
  ASSERT_TRUE(putsWith(201, cluster, 0, "note", noise(60'000, 3)));
  flipInTheMiddle(largestTable(1));
  cluster.start(1, {"--scrub-pause", "1"});
  ASSERT_TRUE(eventually([&] { return diskOf(cluster, 1).damagedTables == 1; })) << cluster.process(1).errors();
  ASSERT_TRUE(eventually([&] { return isRepaired(1, 1) && diskOf(cluster, 1).scrubs >= 3; }));
  const std::string told = "the database of " + cluster.hostPort(1) + " is damaged";
  for (const std::size_t asked : {0U, 1U}) {
    EXPECT_TRUE(eventually([&] {
      const auto status = cluster.client(asked, {"status"});
      return status.status == 1 && status.output.find(told) != std::string::npos;
    })) << cluster.client(asked, {"status"}).output;
  }
  EXPECT_NE(get(cluster.port(1), "/_mydht/metrics").body.find("\nmydht_damaged_tables 1\n"), std::string::npos);
  cluster.kill(1);
  cluster.emptyDisk(1);
  cluster.start(1, {"-s", cluster.hostPort(0)});
  EXPECT_TRUE(eventually([&] { return cluster.client(0, {"status"}).status == 0; }))
      << cluster.client(0, {"status"}).output;
}

TEST_F(DamagedFiles, TheScrubFindsWhatNobodyReads) {
  ASSERT_TRUE(putsWith(201, cluster, 0, "film", noise(2 * kMib, 7)));
  ASSERT_TRUE(eventually([&] { return filesIn(cluster.dataOf(1) + "/blobs", "").size() == 1; }));
  ASSERT_EQ(cluster.stop(1), 0);
  flipInTheMiddle(filesIn(cluster.dataOf(1) + "/blobs", "")[0]);
  cluster.start(1, {"--scrub-pause", "1", "--scrub-rate", "0"});
  EXPECT_TRUE(eventually([&] { return isRepaired(1, 1); })) << cluster.process(1).errors();
  EXPECT_TRUE(eventually([&] {
    const auto disk = diskOf(cluster, 1);
    return disk.scrubs >= 2 && disk.findings == 0 && disk.scrubbedBytes > 2 * kMib;
  }));
  EXPECT_NE(cluster.client(1, {"status"}).output.find("1 damaged, 1 repaired"), std::string::npos);
}

}  // namespace
}  // namespace mydht
