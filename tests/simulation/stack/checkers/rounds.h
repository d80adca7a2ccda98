#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/simulation/stack/checkers/seen_message.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// C6: a put takes two rounds at most, but for each time that it begins anew (R9). Seen by the versions under which one
/// value is offered: begun anew after a refusal for an older view the same one goes again and may be raised once, after
/// one for a closed time it goes higher and may be raised once more. Deletes have no value to be told apart by. Owned
/// by a run; borrows the ring.
class Rounds {
 public:
  explicit Rounds(SimRing& ring) : ring_(ring) {}
  /// Every answer to an offer or to a publish, errors too.
  void see(const SeenMessage& seen);
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  /// One value through one coordinator.
  struct Put {
    std::set<Version> offered;
    std::set<Version> olderView;  ///< refused, since the coordinator's view was older
    std::set<Version> closed;     ///< refused, since their time is closed
    std::set<std::pair<ring::VersionName, ring::VersionName>> views;  ///< of the coordinator, as it offered
    std::size_t mostVersions() const;
  };
  void seeOwnRefusals(const std::string& coordinator, const Entry& entry, Put& put) const;

  SimRing& ring_;
  /// Coordinator, key, content and, where it lies aside, the number of the upload: clients of some scripts put one
  /// large body many times.
  std::map<std::tuple<std::string, std::string, Digest, std::uint64_t>, Put> puts_;
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
