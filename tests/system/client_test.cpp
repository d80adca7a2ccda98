// Proves that mydhtclient and mydhtserver understand one another: each command's output to the letter, strings and
// files of any bytes there and back through different nodes, and odd keys. Real processes, two nodes.
#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <fstream>
#include <iterator>
#include <regex>

#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::Finished;

class Client : public ::testing::Test {
 protected:
  std::string run(std::size_t node, const std::vector<std::string>& words) {
    const Finished finished = cluster_.client(node, words);
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_EQ(finished.errors, "");
    return finished.output;
  }
  ClusterOfProcesses cluster_{2};
};

TEST_F(Client, PutsGetsAndDeletesAString) {
  EXPECT_EQ(run(0, {"-c", "put", "-k", "mykey", "-val", "myvalue"}), "PUT OK mykey\n");
  EXPECT_EQ(run(1, {"-c", "get", "-k", "mykey"}), "myvalue\n");
  EXPECT_EQ(run(1, {"-c", "del", "-k", "mykey"}), "DEL OK mykey\n");
  EXPECT_EQ(cluster_.client(0, {"-c", "get", "-k", "mykey"}).status, 1);
}

TEST_F(Client, PutsAndGetsAFileOfAnyBytes) {
  std::string content;
  for (unsigned i = 0; i < 1'500'000; ++i) content += static_cast<char>(i * i >> 3);
  const std::string there = cluster_.directory() + "/myfile.bin";
  const std::string back = cluster_.directory() + "/back.bin";
  std::ofstream(there) << content;
  EXPECT_EQ(run(0, {"-c", "put", "-k", "myfilekey", "-f", there}), "PUT OK myfilekey\n");
  EXPECT_EQ(run(1, {"-c", "get", "-k", "myfilekey", "-o", back}), "");
  std::ifstream file(back);
  EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(file), {}) == content);
}

TEST_F(Client, SaysSinceWhenAKeyIsThere) {
  EXPECT_EQ(run(0, {"-c", "haskey", "-k", "none"}), "0.0\n");
  run(0, {"-c", "put", "-k", "mykey", "-val", "v"});
  const std::string since = run(1, {"-c", "haskey", "-k", "mykey"});
  EXPECT_TRUE(std::regex_match(since, std::regex("[0-9]{10}\\.[0-9]{2}\n"))) << since;
}

TEST_F(Client, SaysWhereAKeyIs) {
  const std::string one = cluster_.hostPort(0);
  const std::string other = cluster_.hostPort(1);
  const std::string where = run(0, {"-c", "whereis", "-k", "mykey"});
  EXPECT_TRUE(where == one + ", " + other + "\n" || where == other + ", " + one + "\n") << where;
  EXPECT_EQ(run(1, {"-c", "whereis", "-k", "mykey"}), where);
}

TEST_F(Client, ShowsTheRingAndSaysByItsExitStatusThatTwoNodesAreNotAllIsWell) {
  const Finished status = cluster_.client(0, {"-c", "status"});
  EXPECT_NE(status.output.find(cluster_.hostPort(0)), std::string::npos) << status.output;
  EXPECT_NE(status.output.find(cluster_.hostPort(1)), std::string::npos) << status.output;
  EXPECT_EQ(status.status, 1);
  EXPECT_EQ(status.errors.substr(0, 17), "not all is well: ") << status.errors;
}

TEST_F(Client, TakesKeysThatNoPathCanSpell) {
  for (const std::string key : {"../../etc/passwd", "/", "a b?c=d&e#f%", "\xff\xfe", "-k"}) {
    EXPECT_EQ(run(0, {"-c", "put", "-k=" + key, "-val", "value of " + key}).substr(0, 7), "PUT OK ") << key;
    EXPECT_EQ(run(1, {"-c", "get", "-k=" + key}), "value of " + key + "\n") << key;
  }
}

}  // namespace
}  // namespace mydht
