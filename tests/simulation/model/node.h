#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/version/hybrid_clock.h"
#include "common/version/marks.h"
#include "tests/simulation/model/message.h"
#include "tests/simulation/model/rings.h"

namespace mydht::model {

/// What a node has on its disk. Answering after the sync (R10) is one atomic step here, so memory and disk only differ
/// under the bugs that answer too early.
struct Kept {
  View view;
  std::array<EntryRef, kKeys> entry{};
  /// For each key: 1 + the newest version for which the node holds everything it should; 0 = never filled.
  std::array<RingRef, kKeys> filledFor{};
  std::array<Marks, kPartitions> marks;
  /// Who is known to be filled: [version][partition].
  std::array<std::array<Nodes, kPartitions>, kVersions> facts{};
  Version clockFloor;
  std::uint32_t boot = 1;
};

/// A partition being filled by this node (R5).
struct Fill {
  struct Source {
    NodeId from = 0;
    std::array<EntryRef, kKeys> entries{};
    Marks marks;
  };

  bool active = false;
  std::uint16_t number = 0;
  unsigned partition = 0;
  unsigned keys = 0;  ///< which keys, a bit each
  View base;          ///< the view it was begun with
  Nodes answered = 0;
  Nodes answeredFilled = 0;
  std::vector<Source> sources;
  std::vector<Message> waiting;  ///< reads that will be voted on when it is done
};

/// A version that this node wants to be held as complete (R6).
struct Completing {
  RingRef version = 0;
  Nodes holders = 0;
};

/// A partition being settled by this node (R12).
struct Settling {
  enum class Phase : std::uint8_t { None, Closing };

  Phase phase = Phase::None;
  std::uint16_t number = 0;
  unsigned partition = 0;
  View view;
  Version upTo;
  Nodes answered = 0;
  bool equal = true;
  std::array<EntryRef, kKeys> entries{};
  std::array<NodeId, kKeys> newestAt{};  ///< who holds the newest of each key
};

/// One identity: a data directory, and the process that may run on it.
struct Node {
  bool exists = false;  ///< its disk is there
  bool up = false;
  std::uint16_t epoch = 0;  ///< grows with each stop: what a former process began is over
  std::int64_t skewMicros = 0;
  HybridClock clock{0, 0};
  Kept kept;
  Kept synced;  ///< what is really on disk, under the bugs that answer before the sync
  Kept backup;
  bool hasBackup = false;
  NodeId replaces = 0;  ///< the identity whose place it wants, 0 for none
  bool wantsToJoin = false;
  Fill fill;
  Completing completing;
  Settling settling;
};

}  // namespace mydht::model
