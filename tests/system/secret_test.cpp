// Proves the secret with real processes: nodes that share it make a ring, one without it or with another is refused in
// one line, and writes from another machine need it. Another machine is played by a header that proxies add.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::Finished;
using support::get;
using support::programPath;
using support::put;

class Secret : public ::testing::Test {
 protected:
  Secret() : path_(cluster_.directory() + "/secret") {
    std::ofstream(path_) << "a common secret\n";
    cluster_.start(0, {"--secret-file", path_});
  }
  Finished joiner(const std::vector<std::string>& options) {
    std::vector<std::string> command = {programPath("mydhtserver"), "-p", "0", "-d", "joiner", "-s",
                                        cluster_.hostPort(0)};
    command.insert(command.end(), options.begin(), options.end());
    return support::runToEnd(std::move(command), cluster_.directory());
  }
  ClusterOfProcesses cluster_{0};
  std::string path_;
};

TEST_F(Secret, NodesThatShareItMakeARing) {
  cluster_.start(1, {"--secret-file", path_, "-s", cluster_.hostPort(0)});
  EXPECT_EQ(put(cluster_.port(0), "/k", "value").status, 201);
  EXPECT_EQ(put(cluster_.port(1), "/large", std::string(500'000, 'x')).status, 201);
  EXPECT_EQ(get(cluster_.port(1), "/k").body, "value");
  EXPECT_EQ(get(cluster_.port(0), "/large").body.size(), 500'000U);
}

TEST_F(Secret, ANodeWithoutItOrWithAnotherIsRefused) {
  const std::string other = cluster_.directory() + "/other";
  std::ofstream(other) << "another secret\n";
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--secret-file", other}}) {
    const Finished finished = joiner(options);
    EXPECT_EQ(finished.status, 1);
    EXPECT_NE(finished.errors.find("secret"), std::string::npos) << finished.errors;
  }
}

TEST_F(Secret, AnEmptyOrMissingFileIsRefused) {
  const std::string empty = cluster_.directory() + "/empty";
  std::ofstream(empty) << "\n";
  EXPECT_NE(joiner({"--secret-file", empty}).errors.find(empty), std::string::npos);
  EXPECT_NE(joiner({"--secret-file", "missing"}).errors.find("missing"), std::string::npos);
}

TEST_F(Secret, AWriteFromAnotherMachineNeedsIt) {
  const std::string elsewhere = "X-Forwarded-For: 192.0.2.1\r\n";
  const auto refused = put(cluster_.port(0), "/k", "value", elsewhere);
  EXPECT_EQ(refused.status, 401);
  EXPECT_NE(refused.field("WWW-Authenticate").find("Mydht-Hmac"), std::string::npos);
  EXPECT_EQ(put(cluster_.port(0), "/k", "value", elsewhere + "Authorization: Mydht-Hmac nonsense\r\n").status, 401);
  EXPECT_EQ(put(cluster_.port(0), "/k", "value").status, 201);
  EXPECT_EQ(get(cluster_.port(0), "/k", elsewhere).body, "value");
}

TEST_F(Secret, TheClientSignsWithIt) {
  const Finished finished = cluster_.client(0, {"--secret-file", path_, "-c", "put", "-k", "k", "-val", "value"});
  EXPECT_EQ(finished.output, "PUT OK k\n") << finished.errors;
}

}  // namespace
}  // namespace mydht
