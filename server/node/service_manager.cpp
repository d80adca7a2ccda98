#include "server/node/service_manager.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <system_error>

#include "server/runtime/descriptor.h"

namespace mydht::node {
namespace {

Error cannot(const std::string& path, int reason) {
  return {Kind::Io,
          fmt::format("cannot tell the service manager at {}: {}", path, std::generic_category().message(reason))};
}

}  // namespace

Status tellServiceManager(const std::string& state) {
  const char* const named = std::getenv("NOTIFY_SOCKET");
  if (named == nullptr || *named == '\0') return {};
  const std::string path(named);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return cannot(path, ENAMETOOLONG);
  path.copy(address.sun_path, path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';  // no file, but a name in the kernel's own space
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const runtime::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return cannot(path, errno);
  const ssize_t sent = ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), length);
  if (sent != static_cast<ssize_t>(state.size())) return cannot(path, errno);
  return {};
}

}  // namespace mydht::node
