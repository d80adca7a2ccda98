#pragma once

#include <string>
#include <vector>

#include "tests/simulation/stack/checkers/rounds.h"
#include "tests/simulation/stack/checkers/tables.h"
#include "tests/simulation/stack/checkers/votes.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// What a run met on its way: printed, so that one sees that the seeds reach what they are meant to reach.
struct Coverage {
  std::uint64_t operations = 0;
  std::uint64_t doneAtAll = 0;  ///< operations at `all` that ended well
  std::uint64_t doneAtOne = 0;
  std::uint64_t faults = 0;
  std::uint64_t refusals = 0;      ///< for an older view (R4)
  std::uint64_t secondRounds = 0;  ///< somebody had something newer (R9)
  std::uint64_t writeBacks = 0;    ///< entries that a get or a repair brought (R11)
  std::uint64_t fillVotes = 0;     ///< keys filled on demand (R5)
  std::uint64_t fillPages = 0;
  std::uint64_t completed = 0;      ///< versions of the ring
  std::uint64_t changingReads = 0;  ///< votes asked while two or more versions were active
  std::uint64_t published = 0;      ///< large bodies
  std::uint64_t compared = 0;       ///< questions of balances
  std::uint64_t purged = 0;         ///< entries
  std::uint64_t mostWaiting = 0;    ///< in one node at one moment: resumptions, calls, answers
  std::uint64_t mostAtRest = 0;     ///< the same when there is nothing to do

  Coverage& operator+=(const Coverage& other);
};

/// Reads each message between nodes once, shows it to the checkers of messages (C5, C6, C7), and counts what was met.
/// Owned by a run; borrows the ring.
class Observer {
 public:
  explicit Observer(SimRing& ring);

  Coverage coverage;
  /// What was seen broken; empty: nothing.
  std::vector<std::string> broken() const;

 private:
  void see(const SimMessage& message);
  void print(const SimMessage& message, const wire::Request& request, const wire::Answer& answer) const;
  void count(const wire::Request& request, const wire::Answer& answer);

  SimRing& ring_;
  bool unreadable_ = false;
  Votes votes_;
  Rounds rounds_;
  Tables tables_;
};

}  // namespace mydht::simulation
