#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// What a run met on its way: printed, so that one sees that the seeds reach what they are meant to reach.
struct Coverage {
  std::uint64_t operations = 0;
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

  Coverage& operator+=(const Coverage& other);
};

/// Watches the messages between nodes and checks what can be seen there: that a new home node does not vote "none" on
/// what it has not filled (C5), that a put takes two rounds at most (C6), that equal versions have equal tables (C7).
/// Owned by a run; borrows the ring.
class Observer {
 public:
  explicit Observer(SimRing& ring);

  Coverage coverage;
  /// What was seen broken; empty: nothing.
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  void see(const SimMessage& message);
  void print(const SimMessage& message, const wire::Request& request, const wire::Answer& answer) const;
  void seeVote(const SimMessage& message, const wire::Request& request, const wire::Answer& answer);
  void seeOffer(const SimMessage& message, const wire::Request& request, const wire::Answer& answer);
  SimNode* nodeNamed(const std::string& name);

  SimRing& ring_;
  std::vector<std::string> broken_;
  std::map<ring::VersionName, std::uint64_t> fingerprints_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> fillVoters_;  // (new home, key): who answered
  std::map<std::pair<std::string, Digest>, std::set<Version>> rounds_;  // (coordinator, value): versions offered
  std::map<std::string, std::uint64_t> begunAnew_;                      // coordinator: refusals met
};

}  // namespace mydht::simulation
