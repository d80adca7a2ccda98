#pragma once

#include <atomic>
#include <string>

#include "server/cluster/copier.h"
#include "server/cluster/peers.h"
#include "server/cluster/staging.h"
#include "server/store/store.h"

namespace mydht::cluster {

/// A home node's vote with the row that it rests on.
struct RowVote {
  store::RowPtr row;  ///< null: none
  Version settled;
};

/// What a node does as home node of keys: votes, offers and staged bodies, for its own coordinator and for others'.
/// Whoever asks says which versions of the ring it knows; one that knows less in a way that matters is refused (R4).
/// Owned by the node; any loop.
class HomeNode {
 public:
  HomeNode(const Settings& settings, Membership& membership, Peers& peers, store::Store& store, Staging& staging,
           Copier& copier)
      : settings_(settings),
        membership_(membership),
        peers_(peers),
        store_(store),
        staging_(staging),
        copier_(copier) {}

  Task<Result<RowVote>> vote(wire::Speaker from, wire::Vote message, Deadline deadline);
  Task<Result<wire::OfferAnswer>> offer(wire::Speaker from, wire::Offer message, Bytes value, Deadline deadline);
  Task<Result<wire::StageAnswer>> stage(wire::Speaker from, wire::Stage message, std::unique_ptr<ByteSource> body,
                                        Deadline deadline);
  Task<Result<wire::OfferAnswer>> publish(wire::Speaker from, wire::Publish message, Deadline deadline);
  void discard(const wire::Discard& message) { staging_.discard(message.upload); }
  Task<Result<Body>> staged(wire::FetchStaged message, Deadline deadline);
  Task<Result<Body>> body(wire::FetchBody message, Deadline deadline);
  Task<Result<wire::FillPageAnswer>> fillPage(wire::Speaker from, wire::FillPage message, Deadline deadline);
  Task<Status> repair(wire::Speaker from, wire::Repair message, Deadline deadline);

  /// A filled home node's row at once, if it is in memory and no change of the ring is under way: the fast way of a get
  /// at consistency=one. nullopt: take the long way.
  std::optional<store::RowPtr> copyAtHand(std::string_view key);

  /// How this node's disk is.
  wire::DiskState disk() const { return store_.disk(); }

  /// A row's value, or a part of it.
  Task<Result<Body>> open(store::RowPtr row, std::uint64_t offset, std::uint64_t length, Deadline deadline) {
    return store_.body(std::move(row), offset, length, deadline);
  }

  /// Adopts, synced, what the speaker knows of the ring and this node does not.
  Task<Status> catchUp(wire::Speaker from, Deadline deadline);
  /// R4: adopts what the asker knows and this node does not, then refuses (OlderRing) one that knows too little.
  Task<Status> admit(wire::Speaker from, PartitionId partition, Deadline deadline);

 private:
  /// A new home node may be asked before it has heard that it is one: for a moment that is worth waiting for.
  Task<> awaitJoined(Deadline deadline);
  Status refuse(const wire::Speaker& from, PartitionId partition) const;
  Status serves(const wire::Speaker& from, const Standing& standing, PartitionId partition) const;
  Task<Result<Staged>> stagedOrFetched(wire::Publish message, Deadline deadline);
  struct FillPart;
  Task<Result<FillPart>> fillPart(PartitionId partition, Key after, bool entriesOnly, std::size_t room,
                                  Deadline deadline);

  const Settings& settings_;
  Membership& membership_;
  Peers& peers_;
  store::Store& store_;
  Staging& staging_;
  Copier& copier_;
};

}  // namespace mydht::cluster
