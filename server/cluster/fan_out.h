#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "common/hash/sha256.h"
#include "common/result/types.h"
#include "server/task/body.h"
#include "server/task/signal.h"

namespace mydht::cluster {

/// One stream to several home nodes at once, pulled from the client as fast as the slowest of them takes it, within a
/// window each; one that takes nothing for a while is left behind as long as the others are enough. Lives on one loop,
/// shared by the pump and the branches' readers.
class FanOut : public std::enable_shared_from_this<FanOut> {
 public:
  struct Rules {
    std::function<bool(const std::set<NodeId>&)> enough;  ///< whether these nodes would do
    std::function<bool(NodeId)> silent;        ///< asked of a branch that stays full: is the node gone or frozen?
    Duration ask{};                            ///< before the first such question, and between two
    Duration stall{};                          ///< how long a full branch may hold up the others
    Duration progress{};                       ///< a stream that does not move for that long has broken off
    std::function<std::size_t()> window = {};  ///< bytes that one branch may fall behind now; empty: 1 MiB
  };
  FanOut(Executor& executor, Rules rules);

  /// The branch to one node, for its reader to pull. Once for each node, before pump().
  std::unique_ptr<ByteSource> branch(NodeId node, std::optional<std::uint64_t> size);
  /// A branch that has failed elsewhere: nothing more goes there.
  void drop(NodeId node);

  struct Pumped {
    std::uint64_t size = 0;
    Digest sha256{};
  };
  /// Streams `begun` and then the rest of the source to all branches. An error: the source broke off, or too few
  /// branches are left (NotDone); all branches then break off.
  Task<Result<Pumped>> pump(std::string begun, ByteSource& rest);
  /// After pump() has failed with NotDone: the nodes that went on taking the stream, and were no reason for that.
  const std::set<NodeId>& takers() const { return takers_; }

 private:
  class Branch;
  struct Lane {
    std::deque<Bytes> queue;
    std::size_t bytes = 0;
    bool live = true;
  };

  Task<Status> push(Bytes piece);
  std::set<NodeId> live(bool withRoom) const;
  std::size_t window() const;
  /// Drops the full branches whose nodes are silent, or all of them. Whether there were any.
  bool dropFull(bool all);
  void finish(bool whole);

  Executor& executor_;
  const Rules rules_;
  std::map<NodeId, Lane> lanes_;
  std::set<NodeId> takers_;
  bool ended_ = false;
  bool broken_ = false;
  Signal changed_;
};

}  // namespace mydht::cluster
