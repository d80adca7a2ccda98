#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// What a message between nodes is about.
enum class Topic : std::uint8_t {
  Probes,   ///< the failure detector's
  Gossip,   ///< addresses, what is filled, what nodes say of themselves
  Changes,  ///< of the ring, and who is who at a start
  Data,     ///< clients' requests, and keeping copies equal
};
inline constexpr std::size_t kTopics = 4;

struct Sent {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;  ///< without streamed bodies

  Sent& operator+=(const Sent& other);
};

/// Counts what is sent between the nodes of a ring, requests and answers, whether or not they arrive. Owned by a test;
/// borrows the ring, whose network it follows by its rule; one thread.
class Traffic {
 public:
  explicit Traffic(SimRing& ring);
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  /// Begins to count anew.
  void clear();
  const Sent& of(Topic topic) const { return sent_[static_cast<std::size_t>(topic)]; }
  /// What the node that sent most has sent about this.
  Sent mostOfOne(Topic topic) const;

 private:
  void count(const SimMessage& message);

  std::array<Sent, kTopics> sent_{};
  std::vector<std::array<Sent, kTopics>> bySender_;  // by the node's number
};

}  // namespace mydht::simulation
