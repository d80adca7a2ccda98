#include "client/file_handle.h"

#include <fmt/core.h>
#include <unistd.h>

#include <system_error>

namespace mydht::client {

FileHandle::~FileHandle() {
  if (handle_ >= 0) ::close(handle_);
}

Error fileError(std::string_view doing, std::string_view name, int code) {
  const Kind kind = code == ENOSPC || code == EDQUOT ? Kind::NoSpace : Kind::Io;
  return {kind, fmt::format("{} {}: {}", doing, name, std::generic_category().message(code))};
}

Status writeAll(int handle, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(handle, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      return Error{code == ENOSPC || code == EDQUOT ? Kind::NoSpace : Kind::Io, std::generic_category().message(code)};
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace mydht::client
