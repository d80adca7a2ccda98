#pragma once

#include <array>
#include <cstdint>

#include "common/version/marks.h"
#include "tests/simulation/model/rings.h"

namespace mydht::model {

/// An entry of the run by its place in World::entries; 0 is none. Entries never change, so a reference is a copy.
using EntryRef = std::uint16_t;

enum class MessageKind : std::uint8_t {
  Read,  ///< coordinator -> home: vote on a key
  ReadAnswer,
  Write,  ///< coordinator -> home: a client's write
  WriteAnswer,
  Copy,  ///< anybody -> home: write-back, hint, repair, hand-over
  CopyAnswer,
  FillRead,  ///< unfilled home -> home: the entries of a partition
  FillAnswer,
  Gossip,  ///< anybody -> anybody: view, and who is filled for its newest version
  Hold,    ///< completer -> member: this version is filled, hold the fact
  HoldAnswer,
  Close,  ///< settler -> home: take no client's write at or below T, and say what you hold up to there
  CloseAnswer,
  Settle,  ///< settler -> home: all hold this up to T
  Raise,   ///< home -> home: settled is T here, so it may be T at yours
};

/// How a home node answers.
enum class Answer : std::uint8_t {
  Ok,         ///< applied, or held already; of a read: here is my vote
  Newer,      ///< holds a newer version, nothing applied
  Settled,    ///< not taken: at or below settled
  OlderView,  ///< R4: your view is older, here is mine
  Closed,     ///< R12: at or below closed, here is the mark
  TooFar,     ///< R9: more than ten seconds in the future
  CannotSay,  ///< not filled, or no home
};

/// What one node sends to another. One shape for all kinds: plain values, cheap to keep in flight for ever.
struct Message {
  MessageKind kind{};
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  std::uint8_t key = 0;
  std::uint8_t partition = 0;
  Answer answer = Answer::Ok;
  bool filled = false;          ///< answers: the sender is filled
  RingRef version = 0;          ///< Hold
  std::uint16_t operation = 0;  ///< the operation that it belongs to, 0 for none
  std::uint16_t attempt = 0;    ///< of the operation, or the number of the fill or settling: older answers are ignored
  View view;                    ///< the sender's, or that of its operation
  EntryRef entry = 0;
  std::array<EntryRef, kKeys> entries{};
  Version settled;  ///< Copy: the mark of the filled home it comes from, else zero; Close, Settle, Raise: T
  Marks marks;
  std::array<Nodes, kPartitions> facts{};
};

}  // namespace mydht::model
