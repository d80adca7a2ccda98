// Proves that what a person asks is answered alike by page, metrics and client: what a change of the ring would move,
// that it is over, who is down and back, and whose clock is off; and that `status` says with its exit status whether
// all is well. Real processes on free ports, one of them with another clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "common/protocol/shapes.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::eventually;
using support::get;
using support::put;
using ::testing::HasSubstr;

protocol::RingStatus statusOf(ClusterOfProcesses& cluster, std::size_t node) {
  const auto status = protocol::ringStatusFromJson(get(cluster.port(node), "/_mydht/status").body);
  return status ? *status : protocol::RingStatus();
}

bool isWell(ClusterOfProcesses& cluster, std::size_t node) {
  return cluster.client(node, {"status"}).status == 0;
}

/// Whether a node keeps an event whose fields have this text.
bool tells(ClusterOfProcesses& cluster, std::size_t node, const std::string& event, const std::string& text = "") {
  for (const protocol::Event& told : statusOf(cluster, node).lately) {
    if (told.event == event && told.fields.find(text) != std::string::npos) return true;
  }
  return false;
}

/// The value of a metric, its labels written out; -1 where there is none.
double metricOf(ClusterOfProcesses& cluster, std::size_t node, const std::string& metric) {
  const std::string text = get(cluster.port(node), "/_mydht/metrics").body;
  const std::size_t at = text.find("\n" + metric + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + metric.size() + 2));
}

std::vector<std::uint64_t> heights(ClusterOfProcesses& cluster) {
  std::vector<std::uint64_t> all;
  for (std::size_t node = 0; node < cluster.size(); ++node) all.push_back(statusOf(cluster, node).height);
  return all;
}

TEST(SeenByPeople, ADryRunSaysWhatAChangeWouldMoveOrWhyNotAndChangesNothing) {
  ClusterOfProcesses cluster(4);
  for (int i = 0; i < 40; ++i)
    ASSERT_EQ(put(cluster.port(0), "/k" + std::to_string(i), std::string(10'000, 'x')).status, 201);
  ASSERT_TRUE(eventually([&] { return isWell(cluster, 0); })) << cluster.client(0, {"status"}).output;
  const auto before = heights(cluster);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"leave", cluster.hostPort(2), "--dry-run"},
                                                {"leave", "--dry-run"},
                                                {"replicas", "4", "--dry-run"},
                                                {"join", "--dry-run"},
                                                {"join", "2.5,cellar", "--dry-run"}}) {
    const auto ran = cluster.client(0, words);
    EXPECT_EQ(ran.status, 0) << words.front() << ": " << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("would make ")) << words.front();
    EXPECT_THAT(ran.output, HasSubstr(" KiB\n")) << words.front();
  }
  const auto up = cluster.client(0, {"remove", cluster.hostPort(3), "--dry-run"});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.errors, HasSubstr("it would be refused: " + cluster.hostPort(3) + " is up: use leave"));
  EXPECT_EQ(cluster.client(0, {"leave", "nobody:1", "--dry-run"}).status, 1);
  EXPECT_EQ(cluster.client(0, {"replicas", "99", "--dry-run"}).status, 1);
  EXPECT_EQ(cluster.client(0, {"join"}).status, 1);
  cluster.kill(3);
  ASSERT_TRUE(eventually([&] { return tells(cluster, 0, "member.silent", cluster.hostPort(3)); }));
  const auto dead = cluster.client(0, {"remove", cluster.hostPort(3), "--dry-run", "--json"});
  EXPECT_EQ(dead.status, 0) << dead.errors;
  const auto action = protocol::ringActionFromJson(dead.output);
  ASSERT_TRUE(action.ok() && action->forecast) << dead.output;
  EXPECT_GT(action->forecast->copies, 0U);
  EXPECT_LE(action->forecast->least, action->forecast->copies);
  EXPECT_GT(action->forecast->bytes, 0U);
  cluster.start(3);
  EXPECT_EQ(heights(cluster), before);
}

TEST(SeenByPeople, EveryNodeTellsThatAMoveIsOverAndWhoWentDownAndCameBack) {
  ClusterOfProcesses cluster(3);
  cluster.start(3, {"-s", cluster.hostPort(0)});
  const auto allTell = [&](const std::string& event, const std::string& text, std::size_t but) {
    for (std::size_t node = 0; node < 4; ++node) {
      if (node != but && !tells(cluster, node, event, text)) return false;
    }
    return true;
  };
  ASSERT_TRUE(eventually([&] { return statusOf(cluster, 0).activeVersions == 1; }));
  const std::string height = "height=" + std::to_string(statusOf(cluster, 0).height);
  EXPECT_TRUE(eventually([&] { return allTell("ring.complete", height, 4); }));
  ASSERT_TRUE(eventually([&] { return isWell(cluster, 0); })) << cluster.client(0, {"status"}).output;
  cluster.kill(2);
  EXPECT_TRUE(eventually([&] { return allTell("member.silent", cluster.hostPort(2), 2); }));
  EXPECT_FALSE(isWell(cluster, 0));
  const std::string down =
      "mydht_member_state{member=\"" + cluster.hostPort(2) + "\",state=\"active\",liveness=\"down\"} 1\n";
  EXPECT_TRUE(eventually([&] { return get(cluster.port(1), "/_mydht/metrics").body.find(down) != std::string::npos; }));
  EXPECT_THAT(cluster.client(0, {"status"}).output, HasSubstr("member.silent node=" + cluster.hostPort(2)));
  for (int i = 0; i < 20; ++i) ASSERT_EQ(put(cluster.port(0), "/missed" + std::to_string(i), "value").status, 201);
  const auto sum = [&](const std::string& metric) {
    double all = 0;
    for (const std::size_t node : {0U, 1U, 3U}) all += metricOf(cluster, node, metric);
    return all;
  };
  EXPECT_TRUE(eventually([&] { return sum("mydht_hints{member=\"" + cluster.hostPort(2) + "\"}") > 0; }));
  EXPECT_EQ(sum("mydht_hints{member=\"" + cluster.hostPort(1) + "\"}"), 0);
  EXPECT_TRUE(eventually([&] { return sum("mydht_partitions_unequal{other=\"absent\"}") > 0; }));
  EXPECT_TRUE(eventually([&] { return sum("mydht_unequal_seconds") > 0; }));
  EXPECT_THAT(cluster.client(0, {"status"}).output, HasSubstr(" writes, which are kept for it"));
  cluster.start(2);
  EXPECT_TRUE(eventually([&] { return allTell("member.back", cluster.hostPort(2), 2); }));
  EXPECT_THAT(get(cluster.port(0), "/_mydht/metrics").body, HasSubstr("mydht_events_total{event=\"member.back\"} 1\n"));
  EXPECT_TRUE(eventually([&] { return isWell(cluster, 0); })) << cluster.client(0, {"status"}).output;
}

TEST(SeenByPeople, AllTellHowFarANodeIsThatFills) {
  ClusterOfProcesses cluster(3);
  for (int i = 0; i < 24; ++i) {
    ASSERT_EQ(put(cluster.port(0), "/k" + std::to_string(i), std::string(1 << 20, 'x')).status, 201);
  }
  cluster.start(3, {"-s", cluster.hostPort(0), "--fill-rate", "1"});
  const auto isFilling = [&](const protocol::NodeStatus& member) {
    return member.name == cluster.hostPort(3) && member.move && member.move->done < member.move->partitions &&
           member.move->bytes > 0 && member.move->bytesPerSecond > 0 && member.move->secondsLeft > 0;
  };
  for (const std::size_t asked : {3U, 0U}) {
    EXPECT_TRUE(eventually([&] { return std::ranges::any_of(statusOf(cluster, asked).members, isFilling); })) << asked;
  }
  EXPECT_GT(metricOf(cluster, 3, "mydht_move_partitions"), metricOf(cluster, 3, "mydht_move_partitions_done"));
  for (const char* const metric : {"mydht_move_bytes", "mydht_move_bytes_per_second", "mydht_move_left_seconds"}) {
    EXPECT_GT(metricOf(cluster, 3, metric), 0) << metric;
  }
  const auto told = cluster.client(1, {"status"});
  EXPECT_EQ(told.status, 1);
  EXPECT_THAT(told.output, HasSubstr("filling: "));
}

TEST(SeenByPeople, ANodeThatJoinsWithAWrongClockIsToldSoAndNamedByAllUntilItIsRight) {
  ClusterOfProcesses cluster(3);
  const std::string journal = cluster.directory() + "/journal3";
  cluster.startBy(3, {"/usr/bin/env", "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1",
                      "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME=+300s"});
  cluster.start(3, {"-s", cluster.hostPort(0), "-l", journal});
  const auto allSay = [&](bool off) {
    for (std::size_t node = 0; node < 4; ++node) {
      const auto members = statusOf(cluster, node).members;
      if (members.size() != 4) return false;
      for (const auto& member : members) {
        if (member.clockOff != (off && member.name == cluster.hostPort(3))) return false;
      }
    }
    return true;
  };
  EXPECT_TRUE(eventually([&] { return allSay(true); })) << get(cluster.port(0), "/_mydht/status").body;
  EXPECT_TRUE(eventually([&] {
    std::ifstream file(journal);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return text.find("WARN clock.corrected by_micros=-29") != std::string::npos ||
           text.find("WARN clock.corrected by_micros=-30") != std::string::npos;
  })) << "the joiner is told to set its clock";
  const std::string off = "mydht_member_clock_off{member=\"" + cluster.hostPort(3) + "\"} 1\n";
  EXPECT_THAT(get(cluster.port(0), "/_mydht/metrics").body, HasSubstr(off));
  EXPECT_TRUE(eventually([&] { return tells(cluster, 1, "clock.off", "node=" + cluster.hostPort(3)); }));
  EXPECT_TRUE(eventually([&] {
    const auto status = cluster.client(0, {"status"});
    return status.status == 1 && status.errors.find(cluster.hostPort(3) + "'s clock is off") != std::string::npos;
  })) << cluster.client(0, {"status"}).output;
  ASSERT_EQ(put(cluster.port(3), "/k", "by the node with the wrong clock").status, 201);
  EXPECT_EQ(cluster.stop(3), 0);
  cluster.startBy(3, {});
  cluster.start(3);
  EXPECT_TRUE(eventually([&] { return allSay(false); })) << get(cluster.port(0), "/_mydht/status").body;
  EXPECT_TRUE(eventually([&] { return tells(cluster, 1, "clock.right", "node=" + cluster.hostPort(3)); }));
  ASSERT_EQ(put(cluster.port(0), "/k", "later").status, 204);
  EXPECT_EQ(get(cluster.port(3), "/k").body, "later");
  EXPECT_TRUE(eventually([&] { return isWell(cluster, 0); })) << cluster.client(0, {"status"}).output;
}

}  // namespace
}  // namespace mydht
