#pragma once

#include <vector>

#include "server/wire/messages.h"

/// What a coordinator says of a write that some home node missed (hinted handoff).
namespace mydht::wire {

/// You have this version of the key, and these home nodes have missed it: keep a note of that, and bring it to them
/// when they answer again. Answered before the note is on the disk: it helps, and nothing rests on it.
struct Hint {
  static constexpr MessageType kType = MessageType::Hint;
  using Answer = Empty;
  Key key;
  Version version;
  std::vector<NodeId> missed;  ///< at most kMostMissed
  void write(Writer& out) const;
  static Hint read(Reader& in);
};
/// More than the home nodes of all versions that can be active at once.
inline constexpr std::size_t kMostMissed = 128;

}  // namespace mydht::wire
