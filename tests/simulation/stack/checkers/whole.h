#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/stack/copies.h"
#include "tests/simulation/stack/history.h"

namespace mydht::simulation {

/// Whole or not at all (promise 3): what a get of any consistency brings is to the byte what one put of that key sent,
/// and what the entry that came with it announces. Owned by a run; borrows its trace.
class Whole {
 public:
  explicit Whole(SimRing& ring) : ring_(ring) {}

  /// A put is about to send these bytes.
  void sends(const Operation& put, std::string_view bytes);
  /// A get has ended well with these.
  void see(const Operation& get, const Entry& entry, std::string_view bytes);
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  struct Sent {
    std::string key;
    std::size_t size = 0;
    Digest sha256{};
  };

  SimRing& ring_;
  std::map<std::uint64_t, Sent> sent_;  // by the value
  std::vector<std::string> broken_;
};

}  // namespace mydht::simulation
