#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// How often each kind of step is taken, as weights; what a run is made of besides its seed.
struct Weights {
  unsigned deliver;
  unsigned begin;
  unsigned impatience;  ///< resend or give up
  unsigned gossip;
  unsigned fill;
  unsigned complete;
  unsigned agree;
  unsigned settle;
  unsigned reap;
  unsigned repair;
  unsigned purge;
  unsigned process;  ///< stop or start one
  unsigned disk;     ///< take a backup, lose a disk, restore one
  unsigned deletes;  ///< of ten operations
};

/// One random run: a ring of one to five nodes, one or two keys, some hundred steps in an order that the seed decides,
/// then quiet and last reads, then the history is checked. Empty if all is well, else what was violated.
std::string run(World& world, std::uint64_t seed);

}  // namespace mydht::model
