// Proves what bad input gets, one test a row of the table in the description of the first release: the status over
// HTTP, the words and exit status of mydhtclient, and that neither harms what is stored nor disturbs others. One real
// node (three where home nodes must be missing), a client that sends bytes as they are, and the real mydhtclient.
#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <chrono>

#include "common/hash/sha256.h"
#include "common/http/digest_field.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ask;
using support::ClusterOfProcesses;
using support::eventually;
using support::Finished;
using support::get;
using support::HttpClient;
using support::programPath;
using support::put;

class BadInput : public ::testing::Test {
 protected:
  std::uint16_t port() const { return cluster_.port(0); }
  /// What bytes as they are get: the status, and whether the connection was closed behind it.
  std::pair<int, bool> raw(std::string_view bytes) {
    HttpClient client(port());
    client.send(bytes);
    const int status = client.answer().status;
    return {status, client.closed()};
  }
  ClusterOfProcesses cluster_{1};
};

TEST_F(BadInput, AMissingKeyIsNotFound) {
  EXPECT_EQ(get(port(), "/missing").status, 404);
  EXPECT_EQ(ask(port(), {"DELETE", "/missing", {}, {}}).status, 404);
  const std::string file = cluster_.directory() + "/wanted";
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-c", "get", "-k", "missing"},
                                                {"-c", "get", "-k", "missing", "-o", file},
                                                {"-c", "del", "-k", "missing"}}) {
    const Finished finished = cluster_.client(0, words);
    EXPECT_EQ(finished.status, 1);
    EXPECT_EQ(finished.output, "");
    EXPECT_NE(finished.errors.find("ERR_VALUE_NOT_FOUND"), std::string::npos) << finished.errors;
  }
  EXPECT_FALSE(boost::filesystem::exists(file));
}

TEST_F(BadInput, NobodyAtTheAddressIsToldWithinThreeSeconds) {
  const std::string address = cluster_.hostPort(0);
  cluster_.stop(0);
  const auto begin = std::chrono::steady_clock::now();
  const Finished finished = cluster_.client(0, {"-c", "get", "-k", "k"});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_EQ(finished.status, 1);
  EXPECT_NE(finished.errors.find("cannot reach " + address + ": "), std::string::npos) << finished.errors;
}

TEST_F(BadInput, WrongUsageOfTheClientIsOneLineAndTheUsage) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-c", "frobnicate"},
                                                {"-c", "get"},
                                                {"-c", "put", "-k", "k", "-val", "v", "-f", "f"}}) {
    EXPECT_EQ(cluster_.client(0, words).status, 2) << words[1];
  }
  const Finished finished =
      support::runToEnd({programPath("mydhtclient"), "-p", "no number", "-c", "get", "-k", "k"}, cluster_.directory());
  EXPECT_EQ(finished.status, 2);
  EXPECT_EQ(finished.output, "");
}

TEST_F(BadInput, BadKeysAreRefusedWithTheLimit) {
  const auto tooLong = put(port(), "/" + std::string(2049, 'k'), "v");
  EXPECT_EQ(tooLong.status, 400);
  EXPECT_NE(tooLong.body.find("2048"), std::string::npos) << tooLong.body;
  for (const std::string target : {"/", "/_mydht/mine", "/%5fmydht%2fmine", "/a%", "/a%g0", "/_mydht/value?key="}) {
    const auto answer = put(port(), target, "v");
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json") << target;
  }
}

TEST_F(BadInput, AnUploadThatBreaksOffOrIsAnotherLeavesThePreviousValue) {
  put(port(), "/k", "previous");
  {
    HttpClient client(port());
    client.send("PUT /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + std::string(500'000, 'x'));
    client.endSending();
    EXPECT_EQ(client.answer().status, 400);
  }
  {
    HttpClient client(port());  // nobody is left to hear it
    client.send("PUT /k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + std::string(500'000, 'x'));
  }
  const std::string digest = "Repr-Digest: " + http::reprDigest(sha256Of("another")) + "\r\n";
  EXPECT_EQ(put(port(), "/k", "value", digest).status, 400);
  EXPECT_EQ(put(port(), "/k", std::string(500'000, 'x'), digest).status, 400);
  EXPECT_EQ(get(port(), "/k").body, "previous");
}

TEST_F(BadInput, MalformedHttpIsRefusedAndTheConnectionClosed) {
  HttpClient other(port());
  const std::string host = "Host: localhost\r\n";
  const std::vector<std::string> heads = {
      "GARBAGE\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Name : value\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Name: value\r\n folded\r\n\r\n",
      "GET /k HTTP/1.1\r\n" + host + "Name: a\rb\r\n\r\n",
      "GET /k HTTP/1.1\n" + host + "\n",
      "GET /k HTTP/1.1\r\n" + host + std::string("Name: a\0b\r\n\r\n", 13),
  };
  for (const std::string& head : heads) {
    EXPECT_EQ(raw(head), std::make_pair(400, true)) << head;
  }
  EXPECT_EQ(raw("GET /k HTTP/1.1\r\n" + host + "Name: " + std::string(40'000, 'x') + "\r\n\r\n").first, 431);
  const auto badChunk = "PUT /k HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n";
  EXPECT_EQ(raw(badChunk), std::make_pair(400, true));
  // Others never noticed.
  other.send({"GET", "/_mydht/health", {}, {}});
  EXPECT_EQ(other.answer().status, 200);
}

TEST_F(BadInput, ABodyIsNeverTakenForARequest) {
  const std::string inner = "DELETE /k HTTP/1.1\r\nHost: localhost\r\n\r\n";
  put(port(), "/k", "value");
  HttpClient client(port());
  client.send({"GET", "/missing", "Content-Length: " + std::to_string(inner.size()) + "\r\n", {}});
  client.send(inner);
  EXPECT_EQ(client.answer().status, 404);
  client.send({"POST", "/k", {}, inner});
  EXPECT_EQ(client.answer().status, 405);
  EXPECT_EQ(get(port(), "/k").body, "value");
}

TEST_F(BadInput, AWriteThatComesFromAnotherMachineIsRefusedWithAdvice) {
  for (const std::string line :
       {"X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=192.0.2.1\r\n", "Via: 1.1 proxy\r\n"}) {
    const auto refused = put(port(), "/k", "value", line);
    EXPECT_EQ(refused.status, 403) << line;
    EXPECT_NE(refused.body.find("--secret-file"), std::string::npos) << refused.body;
    EXPECT_EQ(ask(port(), {"DELETE", "/k", line, {}}).status, 403);
    EXPECT_EQ(get(port(), "/k", line).status, 404);  // reading is free
  }
}

TEST(TooFewHomeNodes, AreNamedAndNothingIsDone) {
  ClusterOfProcesses cluster(3);
  ASSERT_EQ(put(cluster.port(0), "/k", "previous").status, 201);
  cluster.kill(1);
  cluster.kill(2);
  const auto refused = put(cluster.port(0), "/k", "value");
  EXPECT_EQ(refused.status, 503) << refused.body;
  const std::string outcome = refused.field("Mydht-Outcome");
  EXPECT_TRUE(outcome == "not-done" || outcome == "unknown") << outcome;
  EXPECT_NE(refused.body.find(cluster.hostPort(1)), std::string::npos) << refused.body;
  EXPECT_NE(refused.body.find(cluster.hostPort(2)), std::string::npos) << refused.body;
  EXPECT_FALSE(refused.field("Retry-After").empty());
  EXPECT_EQ(get(cluster.port(0), "/k").status, 503);
  // By now the node knows that they are away: nothing is sent any more.
  EXPECT_EQ(put(cluster.port(0), "/k", "value").field("Mydht-Outcome"), "not-done");
  EXPECT_EQ(get(cluster.port(0), "/k?consistency=one").status, 200);
  const Finished finished = cluster.client(0, {"-c", "put", "-k", "k", "-val", "v"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_NE(finished.errors.find(cluster.hostPort(1)), std::string::npos) << finished.errors;
}

}  // namespace
}  // namespace mydht
