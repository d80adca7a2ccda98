#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result/result.h"

namespace mydht::client {

/// Where a node listens when nothing else is said.
inline constexpr std::uint16_t kDefaultPort = 50140;

/// A node as the user names it: a name or literal address (IPv6 without brackets) and a port. A value.
struct NodeAddress {
  std::string host;
  std::uint16_t port = kDefaultPort;

  bool operator==(const NodeAddress&) const = default;

  /// `host:port`, IPv6 in brackets: for people.
  std::string text() const;
  /// The value of the Host field: the same without an IPv6 zone, which means something on this machine only (RFC 6874).
  std::string hostField() const;
};

/// A port's number, 1 to 65535. BadRequest otherwise.
Result<std::uint16_t> parsePort(std::string_view text);

/// Reads `a`, `a:1,b:2`, `[::1]`, `[::1]:3` or `::1`: at least one node; those without a port get `port`. BadRequest
/// with one line for the user otherwise.
Result<std::vector<NodeAddress>> parseNodes(std::string_view text, std::uint16_t port);

}  // namespace mydht::client
