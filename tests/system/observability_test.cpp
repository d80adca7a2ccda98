// Proves what one sees of running nodes: each knows what the others say of themselves, the listing is the ring's from
// any node, traffic and metrics are counted, and journal and access log are opened again at SIGHUP, as logrotate needs.
// Real processes on free ports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <numeric>

#include "common/http/percent.h"
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
using ::testing::Not;

std::string contentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

protocol::RingStatus statusOf(ClusterOfProcesses& cluster, std::size_t node) {
  const auto status = protocol::ringStatusFromJson(get(cluster.port(node), "/_mydht/status").body);
  return status ? *status : protocol::RingStatus();
}

/// All keys that a node lists, page by page.
std::vector<Key> listed(ClusterOfProcesses& cluster, std::size_t node, const std::string& query) {
  std::vector<Key> keys;
  std::string after;
  while (true) {
    const auto answer = get(cluster.port(node), "/_mydht/keys?" + query + "&after=" + after);
    const auto page = protocol::listingFromJson(answer.body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    if (!page) return keys;
    for (const protocol::ListedKey& key : page->keys) keys.push_back(key.key);
    if (!page->next) return keys;
    after = http::encodePath(*page->next);
  }
}

TEST(Observability, EachNodeKnowsWhatTheOthersSayOfThemselvesAndListsTheWholeRing) {
  ClusterOfProcesses cluster(4);
  std::vector<Key> keys;
  for (int i = 100; i < 160; ++i) {
    keys.push_back("photos/" + std::to_string(i));
    ASSERT_EQ(put(cluster.port(static_cast<std::size_t>(i) % 4), "/" + keys.back(), "value").status, 201);
  }
  for (std::size_t node = 0; node < 4; ++node) {
    EXPECT_EQ(listed(cluster, node, "limit=7"), keys) << "from node " << node;
    EXPECT_TRUE(eventually([&] {
      const auto status = statusOf(cluster, node);
      std::uint64_t copies = 0;
      for (const auto& member : status.members) {
        if (!member.uptimeSeconds || !member.fingerprint || !member.clockOffsetMicros) return false;
        if (member.version != status.programVersion || member.fingerprint != status.fingerprint) return false;
        copies += member.keys.value_or(0);
      }
      return status.members.size() == 4 && copies == keys.size() * 3;
    })) << "node "
        << node << " says " << get(cluster.port(node), "/_mydht/status").body;
  }
  cluster.kill(3);
  EXPECT_EQ(listed(cluster, 0, "limit=7"), keys) << "without the node that is dead";
  cluster.kill(2);
  const auto refused = get(cluster.port(0), "/_mydht/keys");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr(cluster.hostPort(3)));
}

TEST(Observability, TrafficIsShownInStepsAndMetricsCountIt) {
  ClusterOfProcesses cluster(1);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(put(cluster.port(0), "/k" + std::to_string(i), "value").status, 201);
  protocol::RingStatus status;
  ASSERT_TRUE(eventually([&] {
    status = statusOf(cluster, 0);
    if (!status.traffic) return false;
    const auto& requests = status.traffic->requests;
    return std::accumulate(requests.begin(), requests.end(), std::uint64_t{0}) >= 20;
  }));
  EXPECT_EQ(status.traffic->secondsPerStep, 5U);
  EXPECT_EQ(status.traffic->bytesIn.size(), status.traffic->requests.size());
  EXPECT_EQ(status.traffic->bytesOut.size(), status.traffic->requests.size());
  const std::string metrics = get(cluster.port(0), "/_mydht/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("mydht_http_requests_total{method=\"PUT\",code=\"2xx\"} 20\n"));
  EXPECT_THAT(metrics, HasSubstr("mydht_keys 20\n"));
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                           "mydht_disk_syncs_total", "mydht_disk_free_bytes", "process_start_time_seconds"}) {
    EXPECT_THAT(metrics, Not(HasSubstr(std::string(name) + " 0\n"))) << name;
  }
}

TEST(Observability, JournalAndAccessLogAreOpenedAgainAtSighup) {
  ClusterOfProcesses cluster(0);
  const std::string journal = cluster.directory() + "/journal";
  const std::string access = cluster.directory() + "/access";
  cluster.start(0, {"-l", journal, "--access-log", access});
  ASSERT_EQ(put(cluster.port(0), "/before%22", "value", "User-Agent: a\"b\r\n").status, 201);
  ASSERT_TRUE(eventually([&] { return contentOf(access).find("/before%22") != std::string::npos; }));
  EXPECT_THAT(contentOf(access), HasSubstr("\"PUT /before%22 HTTP/1.1\" 201 - \"-\" \"a\\\"b\"\n"));
  EXPECT_THAT(contentOf(access), HasSubstr("127.0.0.1 - - ["));
  EXPECT_THAT(contentOf(journal), HasSubstr(" INFO node.ready version="));
  for (const std::string& log : {journal, access}) ASSERT_EQ(std::rename(log.c_str(), (log + ".1").c_str()), 0);
  cluster.process(0).signal(SIGHUP);
  const auto isThere = [](const std::string& path) { return std::ifstream(path).is_open(); };
  ASSERT_TRUE(eventually([&] { return isThere(journal) && isThere(access); }));
  ASSERT_EQ(get(cluster.port(0), "/after").status, 404);
  ASSERT_TRUE(eventually([&] { return contentOf(access).find("\"GET /after HTTP/1.1\" 404") != std::string::npos; }));
  EXPECT_THAT(contentOf(access + ".1"), Not(HasSubstr("/after")));
  EXPECT_EQ(cluster.stop(0), 0);
  EXPECT_THAT(contentOf(journal + ".1") + contentOf(journal), HasSubstr(" INFO node.read-again"));
  EXPECT_THAT(contentOf(journal), HasSubstr(" INFO node.stop"));
}

}  // namespace
}  // namespace mydht
