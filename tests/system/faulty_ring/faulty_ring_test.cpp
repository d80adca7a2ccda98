// Proves with five real nodes that nothing acknowledged is ever missing or goes back while one thing after the other
// goes wrong: nodes killed, frozen, cut off in one direction or both, with a wrong clock, with an emptied disk, a full
// one, one with bits turned over in every value's file and every table, and all of them killed at once in the middle of
// syncs; and that afterwards every home node holds the same. How: clients that know what was acknowledged work through
// all nodes all the time, and what they read is judged at once; after each fault the copies are looked at node by node.
// MYDHT_FAULTS=N repeats everything N times, in an order of chance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>

#include "common/protocol/shapes.h"
#include "tests/support/disks/damage.h"
#include "tests/support/disks/small_disk.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/load/load.h"
#include "tests/support/processes/cluster_of_processes.h"
#include "tests/system/faulty_ring/cut_network.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::eventually;
using support::Load;
using support::Ports;
using support::SmallDisk;

constexpr std::size_t kNodes = 5;
// Operations that the load goes on for in the middle of a fault, and after it, of each kind.
constexpr std::size_t kOperations = 100;
// Of all faults, unless MYDHT_FAULTS says another number.
constexpr unsigned kRounds = 3;
constexpr unsigned kKillsOfAll = 3;
// Of both kinds together where nodes are cut off: who asks on the wrong side of a cut hears so after two seconds, and
// all writers may have an upload under way that waits for the end of the cut, for half a minute.
constexpr std::size_t kOperationsWhileCut = 30;
// Of each node's file system, and what a node keeps of it for deletes: the rows' engine writes tables there, too, of
// up to half of that.
constexpr std::uint64_t kDiskMib = 320;
constexpr const char* kReserveMib = "64";
// Of a node that reads everything again and again, as fast as it can.
const std::vector<std::string> kScrubbing{"--scrub-pause", "1", "--scrub-rate", "0"};

class FaultyRing : public testing::Test {
 public:
  struct Fault {
    const char* name;
    void (FaultyRing::*strike)(Load& load);
  };

  void startAll() {
    ASSERT_TRUE(mayMount_);
    for (std::size_t node = 0; node < kNodes; ++node) {
      disks_.push_back(std::make_unique<SmallDisk>(cluster_.dataOf(node), kDiskMib));
      cluster_.startBy(node, CutNetwork::asUserOf(node));
      start(node, node == 0 ? std::vector<std::string>() : seed(0));
      ports_.add(cluster_.port(node));
    }
  }
  std::vector<std::string> seed(std::size_t node) { return {"-s", cluster_.hostPort(node)}; }
  void launch(std::size_t node, std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--disk-reserve", kReserveMib});
    cluster_.launch(node, std::move(options));
  }
  void start(std::size_t node, std::vector<std::string> options = {}) {
    launch(node, std::move(options));
    cluster_.awaitReady(node);
  }
  std::size_t any() { return random_() % kNodes; }
  static void work(Load& load) {
    const std::size_t written = load.written() + kOperations;
    const std::size_t read = load.read() + kOperations;
    EXPECT_TRUE(eventually([&] { return load.written() >= written && load.read() >= read; }));
  }
  void workWhileCut(Load& load) {
    const std::uint64_t before = network_.stopped();
    const std::size_t done = load.written() + load.read() + kOperationsWhileCut;
    EXPECT_TRUE(eventually([&] { return load.written() + load.read() >= done; }));
    EXPECT_TRUE(eventually([&] { return network_.stopped() > before; })) << "nothing was cut off";
  }

  void killOne(Load& load) {
    const std::size_t node = any();
    cluster_.kill(node);
    work(load);
    start(node);
  }
  void freezeOne(Load& load) {
    const std::size_t node = any();
    // Who asks a frozen node has no answer until it goes on: its clients are as frozen.
    ports_.drop(cluster_.port(node));
    cluster_.process(node).signal(SIGSTOP);
    work(load);
    cluster_.process(node).signal(SIGCONT);
    ports_.add(cluster_.port(node));
  }
  void killAllAtOnce(Load& load) {
    for (unsigned again = 0; again < kKillsOfAll; ++again) {
      work(load);
      killAll();
    }
  }
  /// In the middle of syncs, and all start again.
  void killAll() {
    for (std::size_t node = 0; node < kNodes; ++node) cluster_.process(node).signal(SIGKILL);
    for (std::size_t node = 0; node < kNodes; ++node) cluster_.process(node).wait();
    for (std::size_t node = 0; node < kNodes; ++node) launch(node);
    for (std::size_t node = 0; node < kNodes; ++node) cluster_.awaitReady(node);
  }
  void cutBetween(const std::vector<std::size_t>& some, bool bothWays) {
    std::vector<CutNetwork::Way> ways;
    for (const std::size_t node : some) {
      for (std::size_t other = 0; other < kNodes; ++other) {
        if (std::ranges::find(some, other) != some.end()) continue;
        ways.push_back({node, cluster_.port(other)});
        if (bothWays) ways.push_back({other, cluster_.port(node)});
      }
    }
    network_.cut(ways);
  }
  void cutOneOff(Load& load) {
    cutBetween({any()}, true);
    workWhileCut(load);
    network_.heal();
  }
  void splitInTwo(Load& load) {
    const std::size_t node = any();
    cutBetween({node, (node + 1) % kNodes}, true);
    workWhileCut(load);
    network_.heal();
  }
  void cutOneWay(Load& load) {
    cutBetween({any()}, false);
    workWhileCut(load);
    network_.heal();
  }
  void skewOneClock(Load& load) {
    const std::size_t node = any();
    const std::string offset = random_() % 2 == 0 ? "+300s" : "-300s";
    EXPECT_EQ(cluster_.stop(node), 0);
    std::vector<std::string> words = CutNetwork::asUserOf(node);
    for (const std::string& word :
         {std::string("/usr/bin/env"), std::string("LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1"),
          std::string("FAKETIME_DONT_FAKE_MONOTONIC=1"), "FAKETIME=" + offset}) {
      words.push_back(word);
    }
    cluster_.startBy(node, std::move(words));
    start(node);
    EXPECT_TRUE(eventually([&] { return isClockOff(node, (node + 1) % kNodes); }));
    work(load);
    EXPECT_EQ(cluster_.stop(node), 0);
    cluster_.startBy(node, CutNetwork::asUserOf(node));
    start(node);
  }
  void emptyOneDisk(Load& load) {
    const std::size_t node = any();
    cluster_.kill(node);
    cluster_.emptyDisk(node);
    work(load);
    start(node, seed((node + 1) % kNodes));
  }
  void fillOneDisk(Load& load) {
    const std::size_t node = any();
    disks_[node]->fillUp();
    EXPECT_TRUE(eventually([&] { return diskOf(node).state == "full"; })) << diskOf(node).state;
    work(load);
    disks_[node]->makeRoom();
    EXPECT_TRUE(eventually([&] { return diskOf(node).state == "ok"; })) << diskOf(node).state;
  }
  /// All that is damaged is written anew from others, while it is read through all nodes.
  void damageValues(Load& load) {
    const std::size_t node = any();
    load.pauseWriting();  // or all of it would be replaced before anybody saw it
    EXPECT_EQ(cluster_.stop(node), 0);
    flipBitIn(support::filesIn(cluster_.dataOf(node) + "/blobs", ""));
    start(node, kScrubbing);
    EXPECT_TRUE(eventually([&] { return isRepaired(node); })) << cluster_.process(node).errors();
    EXPECT_GT(diskOf(node).repaired, 0U);
    load.goOnWriting();
    work(load);
  }
  /// The node says nothing wrong; its operator is told, at the start or by the scrub, and replaces the disk.
  void damageTables(Load& load) {
    const std::size_t node = any();
    // A start writes what the log holds into a table.
    EXPECT_EQ(cluster_.stop(node), 0);
    start(node);
    EXPECT_EQ(cluster_.stop(node), 0);
    flipBitIn(support::filesIn(cluster_.dataOf(node) + "/rows", ".sst"));
    launch(node, kScrubbing);
    try {
      cluster_.awaitReady(node);
      work(load);
      const auto isTold = [&] { return diskOf(node).damagedTables > 0 || diskOf(node).state == "failed"; };
      EXPECT_TRUE(eventually(isTold)) << cluster_.process(node).errors();
      cluster_.kill(node);
    } catch (const std::runtime_error& refused) {
      EXPECT_THAT(refused.what(), testing::HasSubstr("move the data directory away and start empty"));
      work(load);
    }
    cluster_.emptyDisk(node);
    start(node, seed((node + 1) % kNodes));
  }
  void flipBitIn(const std::vector<std::string>& files) {
    EXPECT_FALSE(files.empty());
    for (const std::string& path : files) support::flipBit(path, random_() % boost::filesystem::file_size(path));
  }
  /// All was read once more, and nothing is damaged any longer.
  bool isRepaired(std::size_t node) {
    const auto disk = diskOf(node);
    return disk.scrubs >= 2 && disk.findings == 0 && disk.waiting == 0;
  }

  protocol::DiskStatus diskOf(std::size_t node) { return statusOf(node).disk.value_or(protocol::DiskStatus()); }
  protocol::RingStatus statusOf(std::size_t node) {
    auto status = protocol::ringStatusFromJson(support::get(cluster_.port(node), "/_mydht/status").body);
    return status ? *status : protocol::RingStatus();
  }
  /// Whether one node says so of another one.
  bool isClockOff(std::size_t node, std::size_t asked) {
    return std::ranges::any_of(statusOf(asked).members, [&](const protocol::NodeStatus& member) {
      return member.name == cluster_.hostPort(node) && member.clockOff;
    });
  }
  bool settled() {
    for (std::size_t node = 0; node < kNodes; ++node) {
      const auto status = statusOf(node);
      if (status.members.size() != kNodes || status.activeVersions != 1 || status.toFill > 0) return false;
      if (!status.trouble.empty()) return false;
    }
    return true;
  }
  void awaitSettled() {
    EXPECT_TRUE(eventually([&] { return settled(); }) || eventually([&] { return settled(); }));
  }
  std::vector<std::size_t> homesOf(const std::string& key) {
    const auto where =
        protocol::whereIsFromJson(support::get(cluster_.port(0), "/_mydht/whereis?key=" + key.substr(1)).body);
    std::vector<std::size_t> homes;
    for (std::size_t node = 0; node < kNodes; ++node) {
      const bool home = where && std::ranges::find(where->nodes, cluster_.hostPort(node)) != where->nodes.end();
      if (home) homes.push_back(node);
    }
    return homes;
  }
  /// While nobody writes: each home node by itself holds each value, and no node what was deleted.
  void expectAllCopies(Load& load) {
    load.pauseWriting();
    awaitSettled();
    for (const auto& [key, value] : load.values()) {
      const auto homes = homesOf(key);
      EXPECT_EQ(homes.size(), 3U) << key;
      for (const std::size_t node : homes) {
        const auto same = [&, &k = key, &v = value] {
          const auto answer = support::get(cluster_.port(node), k + "?consistency=one");
          return v ? answer.status == 200 && answer.body == *v : answer.status == 404;
        };
        EXPECT_TRUE(eventually(same)) << key << " on node " << node << (value ? " is not there" : " is there still");
      }
    }
    load.goOnWriting();
  }
  void tell(const char* what) {
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    std::printf("%6.1f s: %s\n", seconds, what);
    std::fflush(stdout);
  }

  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  CutNetwork network_;
  const bool mayMount_ = SmallDisk::possible();
  ClusterOfProcesses cluster_{0};
  std::vector<std::unique_ptr<SmallDisk>> disks_;
  Ports ports_;
  std::mt19937 random_{1};
};

TEST_F(FaultyRing, LosesNothingThatWasAcknowledgedWhateverGoesWrong) {
  std::vector<Fault> faults{
      {"one node killed", &FaultyRing::killOne},
      {"one node frozen", &FaultyRing::freezeOne},
      {"one node cut off", &FaultyRing::cutOneOff},
      {"all nodes killed at once", &FaultyRing::killAllAtOnce},
      {"two nodes cut off from three", &FaultyRing::splitInTwo},
      {"one node heard by nobody", &FaultyRing::cutOneWay},
      {"one clock five minutes off", &FaultyRing::skewOneClock},
      {"one disk emptied", &FaultyRing::emptyOneDisk},
      {"one disk full", &FaultyRing::fillOneDisk},
      {"one disk's values damaged", &FaultyRing::damageValues},
      {"one disk's tables damaged", &FaultyRing::damageTables},
  };
  const char* const wanted = std::getenv("MYDHT_FAULTS");
  const unsigned rounds = wanted == nullptr ? kRounds : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
  startAll();
  // A home node that still fills and one that is down are two of three.
  awaitSettled();
  Load load(ports_, 3, 2);
  work(load);
  for (unsigned round = 0; round < rounds; ++round) {
    if (round > 0) std::ranges::shuffle(faults, random_);
    for (const Fault& fault : faults) {
      (this->*fault.strike)(load);
      tell(fault.name);
      work(load);
      expectAllCopies(load);
      tell("every home node holds the same");
      ASSERT_EQ(load.broken(), std::vector<std::string>());
    }
  }
  load.stop();
  EXPECT_EQ(load.broken(), std::vector<std::string>());
  std::printf("%zu writes, %zu reads, %zu answers that were refusals or none\n", load.written(), load.read(),
              load.refused());
}

}  // namespace
}  // namespace mydht
