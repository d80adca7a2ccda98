#include "client/node_address.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace mydht::client {

namespace {

Result<NodeAddress> withPort(std::string_view host, std::string_view port) {
  const auto number = parsePort(port);
  if (!number) return number.error();
  return NodeAddress{std::string(host), *number};
}

Result<NodeAddress> parseBracketed(std::string_view text, std::uint16_t port) {
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos || end == 1) {
    return Error{Kind::BadRequest, fmt::format("'{}' is no IPv6 address in brackets", text)};
  }
  const std::string_view host = text.substr(1, end - 1);
  const std::string_view rest = text.substr(end + 1);
  if (rest.empty()) return NodeAddress{std::string(host), port};
  if (rest.front() != ':') return Error{Kind::BadRequest, fmt::format("'{}' is not HOST or HOST:PORT", text)};
  return withPort(host, rest.substr(1));
}

/// A host goes into the request's head: what could end a line or a field there is refused here.
bool isHost(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return c > ' ' && c != '\x7f' && std::string_view("/?#@[]\"\\").find(c) == std::string_view::npos;
  });
}

Result<NodeAddress> parseNode(std::string_view text, std::uint16_t port) {
  if (text.starts_with('[')) return parseBracketed(text, port);
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (colons == 1) {
    const std::size_t colon = text.find(':');
    return withPort(text.substr(0, colon), text.substr(colon + 1));
  }
  // More colons can only be a bare IPv6 address, whose last group must not be taken for a port.
  return NodeAddress{std::string(text), port};
}

}  // namespace

std::string NodeAddress::text() const {
  const bool isIpv6 = host.find(':') != std::string::npos;
  return isIpv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string NodeAddress::hostField() const {
  const bool isIpv6 = host.find(':') != std::string::npos;
  return isIpv6 ? NodeAddress{host.substr(0, host.find('%')), port}.text() : text();
}

Result<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return Error{Kind::BadRequest, fmt::format("'{}' is no port: a number from 1 to 65535", text)};
  }
  return port;
}

Result<std::vector<NodeAddress>> parseNodes(std::string_view text, std::uint16_t port) {
  std::vector<NodeAddress> nodes;
  while (true) {
    const std::size_t comma = text.find(',');
    auto node = parseNode(text.substr(0, comma), port);
    if (!node) return node.error();
    if (!isHost(node->host)) {
      return Error{Kind::BadRequest, fmt::format("'{}' is no host", node->host)};
    }
    nodes.push_back(std::move(*node));
    if (comma == std::string_view::npos) return nodes;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace mydht::client
