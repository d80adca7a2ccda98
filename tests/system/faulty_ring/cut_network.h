#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mydht {

/// Connections between the nodes of one machine that a test can cut. Each node runs as a user of its own, and a filter
/// drops what goes from one user to another one's port; it lies in a network namespace that this makes for the test's
/// process, which nobody else is in, and which ends with it. The test itself reaches all nodes all the time. Root only;
/// made before any thread is started.
class CutNetwork {
 public:
  /// Throws, with what was said, if it cannot be made here.
  CutNetwork();

  /// The words that start a node's program as its user, who may read and write what root may.
  static std::vector<std::string> asUserOf(std::size_t node);

  /// A node, and another one's port.
  struct Way {
    std::size_t from;
    std::uint16_t port;
  };
  /// From now on nothing goes these ways, all at once.
  void cut(const std::vector<Way>& ways);
  /// How many packets were stopped so far, on all ways.
  std::uint64_t stopped();
  /// Nothing is cut any more.
  void heal();
};

}  // namespace mydht
