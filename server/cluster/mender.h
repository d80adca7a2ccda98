#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/cluster/copier.h"
#include "server/ports/journal.h"

namespace mydht::cluster {

/// What was found damaged on this node's disk, and what became of it.
struct MendCounts {
  std::uint64_t found = 0;     ///< keys whose row or value could not be read
  std::uint64_t repaired = 0;  ///< of them, written anew from another home node
  std::uint64_t waiting = 0;   ///< of them, not yet
};

/// Repairs what reads, and scrubs, found to be damaged: fetches the value from another home node and writes it anew.
/// Of a value whose row can be read it takes exactly that version; of a row that cannot, the newest version that so
/// many other home nodes vote for that none which was acknowledged can be missing (R5's rule for one key). If these
/// have nothing as new as what is damaged, that was never acknowledged at quorum, and theirs takes its place. What
/// cannot be repaired now is tried again, at first soon: the key may just have been written. A background duty of the
/// node, on loop 0; the counts are for any loop.
class Mender {
 public:
  Mender(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Copier& copier,
         Staging& staging, store::Store& store, Journal& journal)
      : loop_(loop),
        settings_(settings),
        membership_(membership),
        peers_(peers),
        copier_(copier),
        staging_(staging),
        store_(store),
        journal_(journal),
        wake_(loop) {}

  /// Until stop().
  Task<> run();
  void stop();
  MendCounts counts() const { return {found_, repaired_, waiting_}; }

 private:
  struct Newest {
    std::optional<Entry> entry;
    NodeId source = 0;
    Version settled;
  };
  /// When a key is tried next, and how long after that once more.
  struct Due {
    Time at;
    Duration pause;
  };
  void takeUp();
  Task<> mendDue();
  Task<Status> mend(Key key);
  Task<Status> mendRow(Key key);
  Task<Status> mendValue(store::RowPtr row);
  Task<Status> check(store::RowPtr row);
  static Newest newestOf(const std::map<NodeId, wire::VoteAnswer>& said);
  Task<Result<Newest>> newestElsewhere(Key key);
  Task<Result<store::Value>> fetch(Entry entry, NodeId source);
  Task<Status> replace(Key key, std::optional<Entry> damaged, Newest newest);
  Task<Status> writeAnew(store::Store::Mending mending);
  std::vector<NodeId> otherHomes(const Key& key) const;

  Executor& loop_;
  const Settings& settings_;
  const Membership& membership_;
  Peers& peers_;
  Copier& copier_;
  Staging& staging_;
  store::Store& store_;
  Journal& journal_;
  std::map<Key, Due> due_;
  std::atomic<std::uint64_t> found_{0};
  std::atomic<std::uint64_t> repaired_{0};
  std::atomic<std::uint64_t> waiting_{0};
  bool stopping_ = false;
  Signal wake_;
};

}  // namespace mydht::cluster
