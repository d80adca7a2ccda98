// Proves with real nodes that a ring grows from one to six and shrinks to two while clients write and read through all
// of them: nothing acknowledged is ever missing or goes back, afterwards every value lies on as many home nodes as it
// should, and nothing deleted is anywhere. Nodes leave by Ctrl-C and by the client's command, and one is killed and
// removed.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include "common/protocol/shapes.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/load/load.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::eventually;
using support::Load;
using support::Ports;

class GrowingRing : public testing::Test {
 protected:
  protocol::RingStatus statusOf(std::size_t node) {
    auto status = protocol::ringStatusFromJson(support::get(cluster_.port(node), "/_mydht/status").body);
    return status ? *status : protocol::RingStatus();
  }
  /// These and no others are members, no change is under way, and everything is where it belongs.
  bool settled() {
    for (const std::size_t node : members_) {
      const auto status = statusOf(node);
      if (status.members.size() != members_.size() || status.activeVersions != 1 || status.toFill > 0) return false;
      if (!status.trouble.empty()) return false;
    }
    return true;
  }
  void awaitSettled() {
    EXPECT_TRUE(eventually([&] { return settled(); }) || eventually([&] { return settled(); }))
        << support::get(cluster_.port(members_.front()), "/_mydht/status").body;
  }

  void join() {
    const std::size_t node = cluster_.size();
    cluster_.launch(node,
                    node == 0 ? std::vector<std::string>() : std::vector<std::string>{"-s", cluster_.hostPort(0)});
    cluster_.awaitReady(node);
    members_.push_back(node);
    ports_.add(cluster_.port(node));
    tell("joined");
  }
  /// The clients keep asking it until it is gone.
  void awaitGone(std::size_t node, const char* how) {
    auto status = cluster_.process(node).wait();
    if (!status) status = cluster_.process(node).wait();
    EXPECT_EQ(status, 0) << cluster_.process(node).errors();
    forget(node, how);
  }
  void forget(std::size_t node, const char* how) {
    ports_.drop(cluster_.port(node));
    std::erase(members_, node);
    tell(how);
  }
  /// The load goes on for so many more operations.
  void work(Load& load, std::size_t operations) {
    const std::size_t written = load.written() + operations;
    const std::size_t read = load.read() + operations;
    EXPECT_TRUE(eventually([&] { return load.written() >= written && load.read() >= read; }));
  }

  /// While nobody writes: each home node by itself holds each value, and no node holds what was deleted.
  void expectAllCopies(Load& load) {
    load.pauseWriting();
    awaitSettled();
    std::size_t values = 0;
    std::size_t copies = 0;
    for (const auto& [key, value] : load.values()) {
      if (value) ++values;
      for (const std::size_t node : value ? homesOf(key) : members_) {
        const auto same = [&, &k = key, &v = value] {
          const auto answer = support::get(cluster_.port(node), k + "?consistency=one");
          return v ? answer.status == 200 && answer.body == *v : answer.status == 404;
        };
        EXPECT_TRUE(eventually(same)) << key << " on node " << node << (value ? " is not there" : " is there still");
        if (value) ++copies;
      }
    }
    EXPECT_EQ(copies, values * std::min<std::size_t>(3, members_.size()));
    EXPECT_GT(values, 30U);
    std::printf("%zu values, %zu copies\n", values, copies);
    tell("all copies are there");
    load.goOnWriting();
  }
  std::vector<std::size_t> homesOf(const std::string& key) {
    const auto answer = support::get(cluster_.port(members_.front()), "/_mydht/whereis?key=" + key.substr(1));
    const auto where = protocol::whereIsFromJson(answer.body);
    std::vector<std::size_t> homes;
    for (const std::size_t node : members_) {
      const bool home = where && std::ranges::find(where->nodes, cluster_.hostPort(node)) != where->nodes.end();
      if (home) homes.push_back(node);
    }
    return homes;
  }
  void tell(const char* what) {
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    std::printf("%5.1f s: %zu nodes, %s\n", seconds, members_.size(), what);
    std::fflush(stdout);
  }

  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  ClusterOfProcesses cluster_{0};
  std::vector<std::size_t> members_;
  Ports ports_;
};

TEST_F(GrowingRing, FromOneNodeToSixAndBackToTwoKeepsEveryAcknowledgedValue) {
  join();
  Load load(ports_, 3, 2);
  work(load, 150);
  while (members_.size() < 6) {
    join();
    work(load, 150);
  }
  expectAllCopies(load);

  cluster_.process(5).signal(SIGINT);
  awaitGone(5, "one left by Ctrl-C");
  work(load, 150);

  const auto left = cluster_.client(0, {"-c", "leave", "-k", cluster_.hostPort(4)});
  EXPECT_EQ(left.output, "LEAVE ok\n") << left.errors;
  awaitGone(4, "one left by command");
  work(load, 150);

  cluster_.kill(3);
  work(load, 150);
  const auto removed = [&] { return cluster_.client(0, {"-c", "remove", "-k", cluster_.hostPort(3)}); };
  support::Finished last;
  EXPECT_TRUE(eventually([&] { return (last = removed()).output == "REMOVE ok\n"; })) << last.errors;
  forget(3, "one was killed and removed");
  expectAllCopies(load);

  cluster_.process(2).signal(SIGINT);
  awaitGone(2, "one left by Ctrl-C");
  work(load, 150);
  expectAllCopies(load);
  load.stop();
  EXPECT_EQ(load.broken(), std::vector<std::string>());
  std::printf("%zu writes, %zu reads, %zu answers that were refusals or none\n", load.written(), load.read(),
              load.refused());
}

}  // namespace
}  // namespace mydht
