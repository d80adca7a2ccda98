#include "common/protocol/paths.h"

#include "common/http/percent.h"

namespace mydht::protocol {

namespace {

/// Whether clients leave this path alone: they take segments "." and ".." away, also when percent-encoded, and read two
/// slashes in front as a host.
bool survivesAsPath(std::string_view key) {
  if (key.empty() || key.front() == '/') return false;
  while (true) {
    const std::size_t slash = key.find('/');
    const std::string_view segment = key.substr(0, slash);
    if (segment == "." || segment == "..") return false;
    if (slash == std::string_view::npos) return true;
    key.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string urlOf(std::string_view key) {
  if (survivesAsPath(key)) return "/" + http::encodePath(key);
  std::string url(kValuePath);
  url += '?';
  url += kKeyParameter;
  url += '=';
  return url + http::encodeQueryValue(key);
}

}  // namespace mydht::protocol
