#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/cluster/home_node.h"
#include "server/cluster/node_clock.h"
#include "server/cluster/quorums.h"
#include "server/cluster/read_round.h"
#include "server/cluster/write_round.h"
#include "server/ports/random.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// Where the newest version of a key is; its value is opened with Coordinator::body.
struct Located {
  Entry entry;
  store::RowPtr local;          ///< this node holds that version itself
  std::vector<NodeId> holders;  ///< other nodes that do
  std::optional<Body> whole;    ///< the whole value, if it came along with a vote
};

/// A write that was answered with success.
struct Written {
  Version version;
  ring::ViewPtr view;     ///< in which its quorums were counted
  bool replaced = false;  ///< there was a live value before
  unsigned versions = 1;  ///< under which it was offered: one a round
  unsigned copies = 0;    ///< synced copies when the answer went out,
  unsigned homes = 0;     ///< at home nodes of the newest version, which are that many,
  unsigned wanted = 0;    ///< of that many that the ring would like to have
  Digest sha256{};        ///< of the value; of a delete nothing
};

/// Checked against the newest version at a quorum before a write; null entry: there is no live value.
using Precondition = std::function<bool(const Entry* current)>;

/// A value on its way into the ring.
struct PutRequest {
  Key key;
  std::string contentType;
  std::unique_ptr<ByteSource> value;
  std::optional<Digest> sha256;  ///< what the client says that the value's digest is
  Consistency consistency = Consistency::Quorum;
  Precondition precondition;  ///< may be empty
};

/// Coordinates clients' requests: any node, any key (R9 to R11). One for each loop, on that loop alone; owned by the
/// node, borrows everything it is given. Errors: NotFound, Conflict (precondition), NotDone, Unknown, Unavailable,
/// BadRequest (the value is not what was announced), NoSpace.
class Coordinator {
 public:
  Coordinator(Executor& executor, const Settings& settings, Membership& membership, Peers& peers, HomeNode& home,
              Handoff& handoff, NodeClock& clock, Random& random, Journal& journal);

  /// The newest version of a key; NotFound if it has no live value. wantBody: the value is going to be sent whole.
  Task<Result<Located>> locate(Key key, Consistency consistency, bool wantBody, Deadline deadline);
  /// The same at consistency=one if this node has a copy in memory: no task, no wait. nullopt: use locate().
  std::optional<Result<Located>> locateAtHand(std::string_view key);
  /// Opens the located value or a range of it. A node that fails in the middle of it is followed by another one that
  /// has the same version; if there is none the body breaks off. Conflict: since it was located the version has been
  /// replaced everywhere, or who has it has failed; locate again.
  Task<Result<Body>> body(Located located, std::uint64_t offset, std::uint64_t length, Deadline deadline);

  /// Stores a value. The deadline is for everything but the streaming of a large body, whose bound is its progress.
  Task<Result<Written>> put(PutRequest request, Deadline deadline);
  /// Deletes a value: NotFound if a quorum held no live one (a tombstone may have been written all the same, R9).
  Task<Result<Written>> del(Key key, Consistency consistency, Precondition precondition, Deadline deadline);

  /// Gets that found home nodes to differ and wrote the newest version back. Any thread.
  std::uint64_t writeBacks() const { return writeBacks_.load(std::memory_order_relaxed); }

  /// Waits for what still runs behind answers that have gone out.
  Task<> stop();

 private:
  struct WriteBack;

  Task<Result<Located>> judge(std::shared_ptr<ReadRound> round, Deadline deadline);
  Task<Status> writeBack(std::shared_ptr<ReadRound> round, Located& located, Deadline deadline);
  Task<> repair(std::shared_ptr<WriteBack> back, NodeId node);
  Task<Status> repairPeer(std::shared_ptr<WriteBack> back, NodeId node);
  Task<Status> repairSelf(std::shared_ptr<WriteBack> back);
  Task<Result<Bytes>> smallValue(Located& located, Deadline deadline);
  Task<Status> check(const PutRequest& request, Deadline deadline);

  Task<Result<Written>> putSmall(PutRequest request, std::string value, Deadline deadline);
  Task<Result<Written>> putLarge(PutRequest request, std::string begun, Deadline deadline);
  struct Upload;
  Task<Result<WriteOrder>> stageAll(const PutRequest& request, std::string begun, std::shared_ptr<Upload> upload);
  Task<> stageAt(std::shared_ptr<Upload> upload, NodeId node, std::unique_ptr<ByteSource> branch);
  Task<> awaitReason(std::shared_ptr<Upload> upload);
  bool wouldDo(const Upload& upload, const std::set<NodeId>& nodes) const;
  Error notStaged(const Upload& upload, const std::set<NodeId>& good, const std::string& text) const;
  std::vector<NodeId> nearestFirst(std::vector<NodeId> nodes) const;
  bool seemsGone(NodeId node);
  Task<> ask(NodeId node);
  Task<> discardAt(NodeId node, std::uint64_t upload);
  void discardAll(const Upload& upload);

  /// Rounds until the write is decided (R9), begun anew when the ring changes (R4).
  Task<Result<Written>> write(WriteOrder order, Deadline deadline);
  /// Refuses a write before anything was sent if too few home nodes answer at all, or have room, as far as is known: a
  /// put that only some of them could take would be found by gets, which then had to bring it to those that cannot.
  Task<Status> probe(ring::ViewPtr view, PartitionId partition, Consistency consistency, bool needsRoom,
                     Deadline deadline);
  Task<> hello(std::shared_ptr<std::set<NodeId>> alive, std::shared_ptr<unsigned> running,
               std::shared_ptr<Signal> changed, NodeId node, Deadline deadline);
  std::shared_ptr<WriteRound> makeRound(const ring::ViewPtr& view, const WriteOrder& order, unsigned number);
  Version above(const WriteRound& round, const Version& offered, bool mayHaveEffect);
  Error refusal(const WriteRound& round, const ring::View& view, PartitionId partition, bool mayHaveEffect) const;
  std::string whySilent(NodeId node) const;
  std::string whyMissing(const ring::View& view, PartitionId partition, const std::set<NodeId>& good,
                         const std::map<NodeId, std::string>& failures) const;
  std::string names(const std::vector<NodeId>& nodes) const;
  wire::DiskState diskOf(NodeId node) const;
  std::vector<NodeId> otherHolders(const Located& located) const;

  Executor& executor_;
  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  HomeNode& home_;
  Handoff& handoff_;
  NodeClock& clock_;
  Random& random_;
  Journal& journal_;
  std::atomic<std::uint64_t> writeBacks_{0};
  unsigned uploads_ = 0;    ///< large values on their way
  std::size_t inHand_ = 0;  ///< bytes of writes that some home node has not confirmed yet, answered or not
  Gate background_;
};

}  // namespace mydht::cluster
