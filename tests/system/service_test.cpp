// Proves what a service manager and an administrator get from the program: READY=1 exactly when it serves and
// STOPPING=1 when it ends, under a fake NOTIFY_SOCKET that the test holds; and the options that check and make files.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "tests/support/http_client/http_client.h"
#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::eventually;
using support::Finished;
using support::TempDirectory;

/// What systemd holds while it starts a service of Type=notify.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(socket_);
  }

  /// All that was said so far, one datagram behind the other.
  const std::string& heard() {
    std::array<char, 512> room{};
    while (true) {
      const ssize_t got = ::recv(socket_, room.data(), room.size(), MSG_DONTWAIT);
      if (got <= 0) return heard_;
      heard_.append(room.data(), static_cast<std::size_t>(got)).append("\n");
    }
  }

 private:
  int socket_;
  std::string heard_;
};

TEST(Service, SaysReadyWhenItServesAndStoppingWhenItEnds) {
  ClusterOfProcesses cluster(1);
  cluster.stop(0);
  const TempDirectory directory;
  NotifySocket manager(directory.path() + "/notify");
  cluster.launch(0);
  ASSERT_TRUE(eventually([&] { return !manager.heard().empty(); }));
  EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=serving as " + cluster.hostPort(0) + "\n");
  EXPECT_EQ(support::get(cluster.port(0), "/_mydht/health").status, 200);
  cluster.process(0).signal(SIGTERM);
  EXPECT_EQ(cluster.process(0).wait(), 0);
  EXPECT_TRUE(manager.heard().ends_with("\nSTOPPING=1\n")) << manager.heard();
}

TEST(Service, ThatCannotStartNeverSaysReady) {
  const TempDirectory directory;
  NotifySocket manager(directory.path() + "/notify");
  const Finished finished = support::runToEnd(
      {support::programPath("mydhtserver"), "-p", "0", "-d", directory.path() + "/data", "-s", "127.0.0.1:1"},
      directory.path());
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(manager.heard(), "");
}

TEST(Service, WorksWithoutAManagerThatListens) {
  ClusterOfProcesses cluster(1);
  cluster.stop(0);
  ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
  cluster.start(0);
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(eventually([&] { return cluster.process(0).errors().find("node.not-told") != std::string::npos; }));
}

Finished runServer(std::vector<std::string> options, const std::string& directory) {
  options.insert(options.begin(), support::programPath("mydhtserver"));
  return support::runToEnd(std::move(options), directory);
}

TEST(ServerOptions, NewSecretMakesAFileThatCheckConfigTakes) {
  const TempDirectory directory;
  const std::string path = directory.path() + "/secret";
  const Finished made = runServer({"--new-secret", path}, directory.path());
  EXPECT_EQ(made.status, 0) << made.errors;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  EXPECT_EQ(runServer({"--check-config", "--secret-file", path}, directory.path()).status, 0);
  const Finished again = runServer({"--new-secret", path}, directory.path());
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.output, "");
  EXPECT_NE(again.errors.find("exists already"), std::string::npos) << again.errors;
}

TEST(ServerOptions, CheckConfigFindsWhatAStartWouldRefuse) {
  const TempDirectory directory;
  const std::string path = directory.path() + "/config";
  std::ofstream(path) << "port = 1\nsecret-file = /nowhere/at/all\n";
  const Finished noSecret = runServer({"--config", path, "--check-config"}, directory.path());
  EXPECT_EQ(noSecret.status, 1);
  EXPECT_NE(noSecret.errors.find("no secret in /nowhere/at/all"), std::string::npos) << noSecret.errors;
  EXPECT_EQ(runServer({"--bind", "here", "--check-config"}, directory.path()).status, 1);
  EXPECT_EQ(runServer({"--port", "x", "--check-config"}, directory.path()).status, 2);
}

TEST(ServerOptions, CheckConfigWarnsOfANameThatOtherMachinesCannotReach) {
  const TempDirectory directory;
  const Finished warned = runServer({"-s", "a.example:1", "--check-config"}, directory.path());
  EXPECT_EQ(warned.status, 0);
  EXPECT_NE(warned.errors.find("host is localhost, a loopback name"), std::string::npos) << warned.errors;
  EXPECT_EQ(runServer({"-s", "[::1]:1", "--check-config"}, directory.path()).errors, "");
  EXPECT_EQ(runServer({"-h", "b.example", "-s", "a.example:1", "--check-config"}, directory.path()).errors, "");
}

TEST(ServerOptions, APrintedConfigIsReadAgain) {
  const TempDirectory directory;
  const std::string path = directory.path() + "/config";
  const Finished printed = runServer({"-d", "/var/lib/x", "-h", "a.example", "--print-config"}, directory.path());
  ASSERT_EQ(printed.status, 0) << printed.errors;
  std::ofstream(path) << printed.output;
  const Finished checked = runServer({"--config", path, "--check-config"}, directory.path());
  EXPECT_EQ(checked.status, 0) << checked.errors;
  EXPECT_NE(checked.output.find("host = a.example\n"), std::string::npos) << checked.output;
  EXPECT_NE(checked.output.find("data = /var/lib/x\n"), std::string::npos) << checked.output;
}

}  // namespace
}  // namespace mydht
