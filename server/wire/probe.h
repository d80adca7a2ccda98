#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "server/wire/messages.h"

/// What nodes say to one another to find out who is there (SWIM: Das, Gupta, Motivala 2002).
namespace mydht::wire {

/// Whether a member shows signs of life. Never part of who is a member, nor of which nodes make a quorum (R7).
enum class Liveness : std::uint8_t {
  Alive,
  Suspect,  ///< did not answer, neither directly nor through others; it has still time to refute that
  Dead,
};

/// What somebody holds of a member. Of two rumours about one member the greater one holds: the one of the higher
/// incarnation, and of one incarnation the worse one. Only the member itself makes a higher incarnation, to refute.
struct Rumour {
  NodeId about = 0;
  std::uint64_t incarnation = 0;
  Liveness state = Liveness::Alive;

  bool operator==(const Rumour&) const = default;
  /// Whether this holds where the other, about the same member, was held.
  bool beats(const Rumour& other) const {
    return incarnation > other.incarnation || (incarnation == other.incarnation && state > other.state);
  }
};
/// Rumours in one message, whatever the size of the ring.
inline constexpr std::size_t kMostRumours = 8;

/// Here I am; or whether the one that was to be probed has answered.
struct ProbeAnswer {
  bool reached = false;
  std::vector<Rumour> rumours;  ///< at most kMostRumours
  void write(Writer& out) const;
  static ProbeAnswer read(Reader& in);
};
/// Are you there; or: probe that one for me.
struct Probe {
  static constexpr MessageType kType = MessageType::Probe;
  using Answer = ProbeAnswer;
  NodeId target = 0;
  std::vector<Rumour> rumours;  ///< at most kMostRumours
  void write(Writer& out) const;
  static Probe read(Reader& in);
};

}  // namespace mydht::wire
