#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "common/ring/view.h"
#include "server/store/node_state.h"
#include "server/task/executor.h"
#include "server/wire/gossip.h"

namespace mydht::cluster {

/// Whether this node holds the same as the other home nodes of its partitions, as far as it knows, for people: nothing
/// rests on it. Of a member that does not answer, or has not been compared with since it last failed to, it is not
/// known. Told by the balancer, which owns it, on loop 0; report() on any loop.
class Agreement {
 public:
  /// The member does not answer, so that from now on it may miss what is written.
  void absent(NodeId member);
  /// It answers again, or is new: what it holds is not known before a comparison.
  void present(NodeId member);
  /// Whether a comparison that began since it last was absent has gone well.
  bool compared(NodeId member) const;
  /// Changes when the member is absent or present again: what is compared before and after does not count as one.
  std::uint64_t epoch(NodeId member) const;

  /// What a comparison has found to differ, before anything is done about it.
  void found(NodeId member, const std::vector<PartitionId>& differing);
  /// Of that, one that is equal now.
  void settled(NodeId member, PartitionId partition);
  /// A comparison that began in that epoch has gone well as a whole.
  void finished(NodeId member, std::uint64_t epoch, Time now);

  void keepOnly(const std::vector<NodeId>& members);
  /// Counts what report() says from now on.
  void count(const ring::Ring& ring, NodeId self, Time now);
  /// As of the last count.
  wire::Agreement report() const;

 private:
  enum class State { Absent, Unknown, Compared };
  struct Member {
    State state = State::Unknown;
    std::uint64_t epoch = 0;
    std::unique_ptr<store::PartitionSet> differing;  // null: none; 2 KiB otherwise
    std::optional<Time> comparedAt;
  };
  enum class Copies { Equal, Unknown, Differ, Lack };
  Copies copiesOf(const ring::Ring& ring, NodeId self, PartitionId partition) const;
  bool allEqual() const;

  std::map<NodeId, Member> members_;  // at most the members of the ring
  std::optional<Time> since_;         // since when not all is known to be equal
  std::optional<Time> started_;
  mutable std::mutex mutex_;
  wire::Agreement report_;  // guarded by mutex_
};

}  // namespace mydht::cluster
