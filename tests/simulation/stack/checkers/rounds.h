#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/stack/checkers/seen_message.h"

namespace mydht::simulation {

/// C6: a put takes two rounds at most, but for each time that it begins anew (R9). Owned by a run.
class Rounds {
 public:
  /// Every answer to an offer; a refusal for an older view lets its asker begin anew.
  void see(const SeenMessage& seen);
  void seeRefusal(const SimMessage& message) { ++begunAnew_[message.to]; }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  std::map<std::pair<std::string, Digest>, std::set<Version>> rounds_;  // (coordinator, value): versions offered
  std::map<std::string, std::uint64_t> begunAnew_;                      // coordinator: refusals met
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
