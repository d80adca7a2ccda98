// Proves what one node does as a process: it serves at once, keeps what it acknowledged over kill -9 and restarts,
// stops within seconds, and refuses a start in one line with nothing left behind. Real processes on free ports.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <chrono>
#include <csignal>

#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ask;
using support::ClusterOfProcesses;
using support::eventually;
using support::Finished;
using support::get;
using support::programPath;
using support::put;
using support::TempDirectory;

bool exists(const std::string& path) {
  return boost::filesystem::exists(path);
}

Finished runServer(std::vector<std::string> options, const std::string& directory) {
  options.insert(options.begin(), programPath("mydhtserver"));
  return support::runToEnd(std::move(options), directory);
}

/// One line on standard error behind the program's name.
void expectOneLine(const Finished& finished, std::string_view part) {
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(finished.output, "");
  std::string complaint;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < finished.errors.size();) {
    const std::size_t end = finished.errors.find('\n', at);
    const std::string line = finished.errors.substr(at, end - at);
    at = end == std::string::npos ? finished.errors.size() : end + 1;
    if (!line.starts_with("mydhtserver: ")) continue;  // the journal
    complaint = line;
    ++lines;
  }
  EXPECT_EQ(lines, 1U) << finished.errors;
  EXPECT_NE(complaint.find(part), std::string::npos) << finished.errors;
}

TEST(OneNode, SaysWhereItServesItsRingAndItsData) {
  ClusterOfProcesses cluster(1);
  std::string output;
  ASSERT_TRUE(eventually([&] { return (output = cluster.process(0).output()).find("data in ") != std::string::npos; }));
  EXPECT_TRUE(output.starts_with("ready http://" + cluster.hostPort(0) + "\nring ")) << output;
  EXPECT_NE(output.find("data in " + cluster.dataOf(0) + "\n"), std::string::npos) << output;
}

TEST(OneNode, KeepsWhatItAcknowledgedOverKillAndRestart) {
  ClusterOfProcesses cluster(1);
  const std::string large(1'000'000, 'x');
  ASSERT_EQ(put(cluster.port(0), "/small", "value", "Content-Type: text/plain\r\n").status, 201);
  ASSERT_EQ(put(cluster.port(0), "/large", large).status, 201);
  ASSERT_EQ(put(cluster.port(0), "/gone", "value").status, 201);
  ASSERT_EQ(ask(cluster.port(0), {"DELETE", "/gone", {}, {}}).status, 204);
  cluster.kill(0);
  cluster.start(0);
  EXPECT_EQ(get(cluster.port(0), "/small").body, "value");
  EXPECT_EQ(get(cluster.port(0), "/small").field("Content-Type"), "text/plain");
  EXPECT_TRUE(get(cluster.port(0), "/large").body == large);
  EXPECT_EQ(get(cluster.port(0), "/gone").status, 404);
}

TEST(OneNode, StopsWithinSecondsAndKeepsItsPlace) {
  ClusterOfProcesses cluster(1);
  put(cluster.port(0), "/k", "value");
  const support::HttpClient idle(cluster.port(0));
  support::HttpClient busy(cluster.port(0));  // an upload that never goes on
  busy.send("PUT /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(cluster.stop(0), 0) << cluster.process(0).errors();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  cluster.start(0);
  EXPECT_EQ(get(cluster.port(0), "/k").body, "value");
  EXPECT_EQ(get(cluster.port(0), "/slow").status, 404);
}

TEST(OneNode, FinishesWhatHasBegunBeforeItStops) {
  ClusterOfProcesses cluster(1);
  support::HttpClient client(cluster.port(0));
  client.send("PUT /k HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
  client.send("abc");
  // What it has begun it has heard of: the answer to another request on another connection came later.
  ASSERT_EQ(get(cluster.port(0), "/other").status, 404);
  cluster.process(0).signal(SIGTERM);
  client.send("def");
  EXPECT_EQ(client.answer().status, 201);
  EXPECT_EQ(cluster.process(0).wait(), 0);
}

TEST(OneNode, StopsAtCtrlCWithItsDataKeptSinceNobodyElseIsThere) {
  ClusterOfProcesses cluster(1);
  ASSERT_EQ(put(cluster.port(0), "/k", "value").status, 201);
  cluster.process(0).signal(SIGINT);
  EXPECT_EQ(cluster.process(0).wait(), 0);
  EXPECT_NE(cluster.process(0).output().find("the last node of its ring"), std::string::npos);
  cluster.start(0);
  EXPECT_EQ(get(cluster.port(0), "/k").body, "value");
}

TEST(OneNode, EndsAtOnceAtTheSecondCtrlC) {
  ClusterOfProcesses cluster(1);
  support::HttpClient busy(cluster.port(0));  // an upload that holds up the end
  busy.send("PUT /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc");
  ASSERT_EQ(get(cluster.port(0), "/other").status, 404);
  cluster.process(0).signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return cluster.process(0).output().find("are kept") != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] {
    cluster.process(0).signal(SIGINT);
    return cluster.process(0).status().has_value();
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
  EXPECT_EQ(cluster.process(0).status(), 128 + SIGINT);
}

TEST(OneNode, OpensItsLogAgainAtSighup) {
  ClusterOfProcesses cluster(0);
  const std::string log = cluster.directory() + "/log";
  cluster.start(0, {"-l", log});
  ASSERT_TRUE(eventually([&] { return exists(log); }));
  boost::filesystem::rename(log, log + ".1");
  cluster.process(0).signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return exists(log); }));
  EXPECT_EQ(cluster.stop(0), 0);
}

TEST(OneNode, ListensOnEveryAddressUnderANameThatIsNoLoopbackName) {
  const TempDirectory directory;
  support::Process server({programPath("mydhtserver"), "-h", "192.0.2.1", "-p", "0"}, directory.path(), "server");
  ASSERT_TRUE(eventually([&] { return server.output().find("data in ") != std::string::npos || server.status(); }));
  ASSERT_TRUE(server.output().starts_with("ready http://192.0.2.1:")) << server.errors();
  const std::string begin = "ready http://192.0.2.1:";
  const auto port = static_cast<std::uint16_t>(std::stoul(server.output().substr(begin.size())));
  EXPECT_EQ(put(port, "/k", "value").status, 201);  // through 127.0.0.1
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST(OneNode, IsRefusedAPortThatIsInUse) {
  ClusterOfProcesses cluster(1);
  const std::string port = std::to_string(cluster.port(0));
  expectOneLine(runServer({"-p", port, "-d", "other"}, cluster.directory()), "port " + port + " is in use");
  EXPECT_FALSE(exists(cluster.directory() + "/other"));
}

TEST(OneNode, IsRefusedADirectoryThatARunningNodeHolds) {
  ClusterOfProcesses cluster(1);
  expectOneLine(runServer({"-p", "0", "-d", cluster.dataOf(0)}, cluster.directory()), "in use by a running node");
  EXPECT_EQ(put(cluster.port(0), "/k", "value").status, 201);
}

TEST(OneNode, IsRefusedADirectoryThatCannotBeMade) {
  const TempDirectory directory;
  expectOneLine(runServer({"-p", "0", "-d", "/proc/nowhere"}, directory.path()), "/proc/nowhere");
}

TEST(OneNode, IsRefusedADirectoryThatHoldsSomethingElse) {
  const TempDirectory directory;
  boost::filesystem::create_directories(directory.path() + "/mine/photos");
  expectOneLine(runServer({"-p", "0", "-d", "mine"}, directory.path()), "photos");
  EXPECT_TRUE(exists(directory.path() + "/mine/photos"));
}

TEST(OneNode, IsRefusedASeedThatDoesNotAnswerAndLeavesNothingBehind) {
  const TempDirectory directory;
  std::uint16_t free = 0;
  {
    ClusterOfProcesses cluster(1);
    free = cluster.port(0);
  }
  const std::string seed = "localhost:" + std::to_string(free);
  expectOneLine(runServer({"-p", "0", "-s", seed}, directory.path()), seed);
  EXPECT_FALSE(exists(directory.path() + "/mydht-data"));
}

TEST(OneNode, IsRefusedTheSeedOfAnotherRing) {
  ClusterOfProcesses mine(1);
  ClusterOfProcesses other(1);
  mine.stop(0);
  expectOneLine(runServer({"-p", "0", "-d", mine.dataOf(0), "-s", other.hostPort(0)}, mine.directory()),
                "another ring");
  mine.start(0);  // what was there stays
}

TEST(OneNode, IsRefusedALogFileThatCannotBeWritten) {
  const TempDirectory directory;
  expectOneLine(runServer({"-p", "0", "-l", "/nowhere/log"}, directory.path()), "/nowhere/log");
  EXPECT_FALSE(exists(directory.path() + "/mydht-data"));
}

TEST(Usage, AWrongOptionIsOneLineAndAHint) {
  const TempDirectory directory;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--frobnicate"}, {"-p", "port"}, {"-s", "a:b"}, {"-r", "0"}, {"word"}}) {
    const Finished finished = runServer(words, directory.path());
    EXPECT_EQ(finished.status, 2) << words.front();
    EXPECT_EQ(finished.output, "");
    EXPECT_NE(finished.errors.find("--help"), std::string::npos) << finished.errors;
    EXPECT_EQ(std::count(finished.errors.begin(), finished.errors.end(), '\n'), 2) << finished.errors;
  }
}

TEST(Usage, HelpVersionAndCheckConfigEndWithSuccess) {
  const TempDirectory directory;
  EXPECT_NE(runServer({"--help"}, directory.path()).output.find("--server"), std::string::npos);
  EXPECT_TRUE(runServer({"--version"}, directory.path()).output.starts_with("mydhtserver "));
  const Finished checked = runServer({"--check-config", "-p", "7"}, directory.path());
  EXPECT_EQ(checked.status, 0);
  EXPECT_NE(checked.output.find("port = 7\n"), std::string::npos);
}

}  // namespace
}  // namespace mydht
