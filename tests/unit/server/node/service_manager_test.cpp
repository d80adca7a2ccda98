// Proves what a service manager is told: one datagram with the state, to a socket in the file system or in the kernel's
// own name space, and nothing at all without NOTIFY_SOCKET. The test holds the manager's end.
#include "server/node/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>

#include "server/runtime/descriptor.h"
#include "tests/support/files/temp_directory.h"

namespace mydht::node {
namespace {

/// Listens at that name, as it stands in NOTIFY_SOCKET, and sets the variable.
class Manager {
 public:
  explicit Manager(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { ::unsetenv("NOTIFY_SOCKET"); }

  std::string heard() const {
    std::array<char, 256> room{};
    const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    return got < 0 ? "nothing" : std::string(room.data(), static_cast<std::size_t>(got));
  }

 private:
  runtime::Descriptor socket_;
};

TEST(ServiceManager, HearsOneDatagramAtAPath) {
  const support::TempDirectory directory;
  const Manager manager(directory.path() + "/notify");
  ASSERT_TRUE(tellServiceManager("READY=1\nSTATUS=serving"));
  EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=serving");
  EXPECT_EQ(manager.heard(), "nothing");
}

TEST(ServiceManager, HearsAtAnAbstractNameToo) {
  const Manager manager("@mydht-test-" + std::to_string(::getpid()));
  ASSERT_TRUE(tellServiceManager("STOPPING=1"));
  EXPECT_EQ(manager.heard(), "STOPPING=1");
}

TEST(ServiceManager, ThatIsNotThereIsNotTold) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(tellServiceManager("READY=1"));
}

TEST(ServiceManager, ThatDoesNotListenIsAnError) {
  for (const std::string& name : {std::string("/nowhere/at/all"), std::string(200, 'x')}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const Status told = tellServiceManager("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
    ASSERT_FALSE(told);
    EXPECT_NE(told.error().text.find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace mydht::node
