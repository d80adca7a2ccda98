#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "server/cluster/handoff.h"
#include "server/cluster/quorums.h"
#include "server/task/gate.h"

namespace mydht::cluster {

/// A large body that lies aside at home nodes.
struct StagedAt {
  std::uint64_t upload = 0;
  std::vector<NodeId> nodes;
};

/// What is to be written: an entry whose version is still to be given, and its value.
struct WriteOrder {
  Entry entry;
  std::variant<Bytes, StagedAt> value;
  Consistency consistency = Consistency::Quorum;
};

enum class WriteOutcome {
  Done,         ///< synced at enough home nodes
  SecondRound,  ///< somebody has something newer: one more round above it
  Refused,      ///< the ring has changed: begin again in the newer view
  Failed,       ///< too few home nodes took it
};

/// One round of a write (R9): offers the entry to every home node at once and decides as soon as that is possible; what
/// answers later finds the round still there. Who has missed a write that is done is noted at a node that has it
/// (hinted handoff). Shared by the asking tasks and the one that waits, all on one loop.
class WriteRound : public std::enable_shared_from_this<WriteRound> {
 public:
  /// number: 1 or 2; in the second round "I have newer" counts as success, since that was written at the same time.
  /// inHand: the bytes that all rounds of this loop hold, this one's among them while it lives.
  WriteRound(Executor& executor, const Settings& settings, Peers& peers, HomeNode& home, Handoff& handoff, NodeId self,
             ring::ViewPtr view, WriteOrder order, unsigned number, std::size_t& inHand);
  WriteRound(const WriteRound&) = delete;
  WriteRound& operator=(const WriteRound&) = delete;
  ~WriteRound() { inHand_ -= bytes_; }

  Task<WriteOutcome> run(Gate& gate, Deadline deadline);

  const std::set<NodeId>& accepted() const { return accepted_; }
  /// Whether the write may have taken effect somewhere, now or later.
  bool mayHaveEffect() const { return !accepted_.empty() || !unknown_.empty() || running_ > 0; }
  /// The greatest version that an answer named (something newer, or a closed mark).
  Version top() const { return top_; }
  /// The latest time that all home nodes with slower clocks would take; none if nobody complained.
  std::optional<std::int64_t> clamp() const { return clamp_; }
  /// Whether a home node has closed the partition at or above this round's version (R12).
  bool closed() const { return closed_; }
  /// Whether a home node held a live value before.
  bool replaced() const { return replaced_; }
  bool noSpace() const { return noSpace_; }
  /// Who did not take it, and why.
  const std::map<NodeId, std::string>& failures() const { return failures_; }

 private:
  void offerToAll(std::set<NodeId> nodes, Gate& gate, Deadline deadline);
  Task<> offerTo(std::shared_ptr<WriteRound> self, NodeId node, Deadline deadline);
  Task<Result<wire::OfferAnswer>> offerSelf(Deadline deadline);
  Task<Result<wire::OfferAnswer>> offerPeer(NodeId node, Deadline deadline);
  void answered(NodeId node, const wire::OfferAnswer& answer);
  void failed(NodeId node, const Error& error);
  std::optional<WriteOutcome> decide() const;
  void over();
  std::vector<NodeId> missed() const;
  Task<> tellMissed(std::shared_ptr<WriteRound> self, wire::Hint hint);
  bool enough(const std::set<NodeId>& nodes) const;

  Executor& executor_;
  const Settings& settings_;
  Peers& peers_;
  HomeNode& home_;
  Handoff& handoff_;
  const NodeId self_;
  const ring::ViewPtr view_;
  const WriteOrder order_;
  const unsigned number_;
  const PartitionId partition_;
  const std::size_t bytes_;
  std::size_t& inHand_;
  std::set<NodeId> skipped_;  // failed their last calls: asked when the others are not enough
  std::set<NodeId> accepted_;
  std::set<NodeId> newer_;     // hold something newer
  std::set<NodeId> refusing_;  // for the entry's time (closed mark, too far ahead)
  std::set<NodeId> unknown_;   // may or may not have it
  std::map<NodeId, std::string> failures_;
  Version top_;
  std::optional<std::int64_t> clamp_;
  bool olderRing_ = false;
  bool closed_ = false;
  bool replaced_ = false;
  bool noSpace_ = false;
  unsigned running_ = 0;
  Gate* after_ = nullptr;  // for what comes after a write that is done; null until it is
  Signal changed_;
};

}  // namespace mydht::cluster
