#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/ring/member_list.h"
#include "tests/simulation/stack/checkers/seen_message.h"

namespace mydht::simulation {

/// C7: equal versions of the ring have equal tables, whoever computed them, and height orders versions, so that each
/// has its own (R1). Owned by a run.
class Tables {
 public:
  /// Every message: both ends name their versions in it.
  void see(const SeenMessage& seen);
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  std::map<ring::VersionName, std::uint64_t> fingerprints_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, ring::VersionName> versions_;  // by ring and height
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
