#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/stack/checkers/seen_message.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// C5: no home node votes "none" for a key that it has not filled (R5). Owned by a run; borrows the ring.
class Votes {
 public:
  explicit Votes(SimRing& ring) : ring_(ring) {}
  /// Every answer to a question for a vote that is no error.
  void see(const SeenMessage& seen);
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  SimNode* nodeNamed(const std::string& name);
  void seeFill(const SeenMessage& seen, const wire::Vote& vote);

  using NewHomeAndKey = std::pair<std::string, std::string>;
  SimRing& ring_;
  /// Who answered.
  struct FillVoters {
    std::set<std::string> filled;
    std::set<std::string> all;
  };
  std::map<NewHomeAndKey, FillVoters> fillVoters_;
  std::set<NewHomeAndKey> filledAlone_;
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
