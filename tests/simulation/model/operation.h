#pragma once

#include <array>
#include <cstdint>

#include "tests/simulation/model/message.h"

namespace mydht::model {

/// HandOver is a purge: a former home gives what it has to the home nodes before it drops it. Not part of the history.
enum class OperationKind : std::uint8_t { Put, Del, Get, HandOver };
enum class Phase : std::uint8_t { Reading, Writing, WritingBack, Over };
/// Failed is a get without an answer; NotDone a write that was sent to nobody.
enum class Outcome : std::uint8_t { Pending, Success, Unknown, NotDone, Failed };

/// What one coordinator does for one client: R9 for a put or del, R11 for a get.
struct Operation {
  struct Vote {
    EntryRef entry = 0;
    Version settled;
  };

  OperationKind kind = OperationKind::Get;
  Phase phase = Phase::Over;
  Outcome outcome = Outcome::Pending;
  std::uint8_t key = 0;
  std::uint8_t coordinator = 0;
  std::uint16_t epoch = 0;
  std::uint16_t number = 0;
  std::uint16_t attempt = 0;
  std::uint8_t round = 1;
  std::uint8_t rounds = 0;  ///< since it began or was refused (C6)
  std::uint8_t restarts = 0;
  std::uint8_t versions = 0;  ///< how many versions it gave its value
  View view;
  EntryRef entry = 0;  ///< what is being written, or was found
  Nodes answered = 0;
  Nodes newer = 0;
  Nodes said = 0;  ///< homes that said that they have any version of it, or a newer one
  std::array<Vote, kNodes> votes;
  Version witness;     ///< place of a finished get among the versions
  unsigned start = 0;  ///< step
  unsigned end = 0;
};

}  // namespace mydht::model
