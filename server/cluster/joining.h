#pragma once

#include <string>
#include <vector>

#include "server/cluster/ring_changes.h"

namespace mydht::cluster {

/// How a node comes into a ring: the member's side, which calls the joiner back before it proposes it, and the joiner's
/// (R2, R7). Lives on loop 0; owned by the node.
class Joining {
 public:
  Joining(Executor& loop, const Settings& settings, Membership& membership, Peers& peers, RingChanges& changes,
          Random& random, Journal& journal)
      : loop_(loop),
        settings_(settings),
        membership_(membership),
        peers_(peers),
        changes_(changes),
        random_(random),
        journal_(journal) {}

  /// The member's side of a join: calls the joiner back, finds whose place it takes, and makes the change. Conflict:
  /// as many changes are under way as there may be.
  Task<Result<ring::ViewPtr>> takeIn(wire::Join join, NodeId caller, std::uint32_t callerBoot, Deadline deadline);
  /// The joiner's side: asks the seeds until one takes it in. While the ring is only busy it goes on for ever.
  Task<Status> join(std::vector<std::string> seeds, ring::Member self, NodeId replaces);

 private:
  Task<Status> callBack(const wire::Join& join, Deadline deadline);
  Task<Status> checkReplaced(const wire::Join& join, Deadline deadline);
  ring::MemberList withJoiner(const ring::View& view, const wire::Join& join) const;
  Task<Status> checkRing(const std::string& seed, Deadline deadline);
  Task<Status> askSeed(std::string seed, wire::Join join);

  Executor& loop_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  RingChanges& changes_;
  Random& random_;
  Journal& journal_;
};

}  // namespace mydht::cluster
