// Proves that a ring of real nodes under load from several clients at once, one of its nodes stopped and started again
// meanwhile, loses nothing that it acknowledged; and, in the build with the thread sanitizer, that its loops, its
// disk's committer and its blocking pool do not race: a node that met a race says so and does not end with status 0.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;

constexpr std::size_t kNodes = 3;
constexpr unsigned kClients = 4;
constexpr unsigned kOperations = 120;
constexpr std::size_t kLargeBytes = 150'000;  // a file of its own at each home node

std::string valueOf(unsigned client, unsigned operation) {
  std::string value = "value " + std::to_string(client) + "." + std::to_string(operation);
  if (operation % 20 == 7) value.resize(kLargeBytes, static_cast<char>('a' + client));
  return value;
}

/// One client's work: puts a value, reads it back from another node, now and then deletes one. Only what was
/// acknowledged counts; a node that is away refuses, and that is no failure.
struct Client {
  unsigned number;
  std::map<std::string, std::string> acknowledged;
  std::atomic<unsigned>* done;
  std::string broken;

  void work(const std::vector<std::uint16_t>& ports) {
    for (unsigned i = 0; i < kOperations; ++i) {
      const std::string target = "/loaded/" + std::to_string(number) + "/" + std::to_string(i % 40);
      const std::uint16_t there = ports[(number + i) % ports.size()];
      const std::string value = valueOf(number, i);
      const int status = support::put(there, target, value).status;
      if (status == 201 || status == 204) {
        acknowledged[target] = value;
      } else {
        acknowledged.erase(target);  // may or may not have been stored
      }
      const auto read = support::get(ports[(number + i + 1) % ports.size()], target);
      const auto expected = acknowledged.find(target);
      if (expected != acknowledged.end() && read.status == 200 && read.body != expected->second) broken = target;
      ++*done;
    }
  }
};

TEST(ALoadedRing, LosesNothingWhileANodeIsStoppedAndStartedAgain) {
  ClusterOfProcesses cluster(kNodes);
  std::vector<std::uint16_t> ports;
  for (std::size_t node = 0; node < kNodes; ++node) ports.push_back(cluster.port(node));
  std::atomic<unsigned> done{0};
  std::vector<Client> clients;
  for (unsigned number = 0; number < kClients; ++number) clients.push_back({number, {}, &done, {}});
  std::vector<std::thread> threads;
  for (Client& client : clients) threads.emplace_back([&client, &ports] { client.work(ports); });

  EXPECT_TRUE(support::eventually([&] { return done > kClients * kOperations / 4; }));
  EXPECT_EQ(cluster.stop(2), 0) << cluster.process(2).errors();
  EXPECT_EQ(cluster.process(2).errors().find("ThreadSanitizer"), std::string::npos) << cluster.process(2).errors();
  cluster.start(2);
  for (std::thread& thread : threads) thread.join();

  for (const Client& client : clients) {
    EXPECT_EQ(client.broken, "");
    EXPECT_FALSE(client.acknowledged.empty());
    for (const auto& stored : client.acknowledged) {
      for (const std::uint16_t port : ports) {
        const auto found = [&] { return support::get(port, stored.first).body == stored.second; };
        EXPECT_TRUE(support::eventually(found)) << stored.first << " through " << port;
      }
    }
  }
  for (std::size_t node = 0; node < kNodes; ++node) {
    EXPECT_EQ(cluster.stop(node), 0) << cluster.process(node).errors();
    EXPECT_EQ(cluster.process(node).errors().find("ThreadSanitizer"), std::string::npos)
        << cluster.process(node).errors();
  }
}

}  // namespace
}  // namespace mydht
