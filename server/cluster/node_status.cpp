#include "server/cluster/node.h"

/// What a node says of itself, its ring and its disk, for people.
namespace mydht::cluster {
namespace {

MemberState stateOf(const ring::View& view, NodeId node) {
  const ring::Member* const newest = view.newest().list().find(node);
  const bool inNewest = newest != nullptr && view.newest().list().hasPresent(node);
  const bool inComplete = view.complete().list().hasPresent(node);
  if (inNewest) return inComplete ? MemberState::Active : MemberState::Joining;
  if (newest != nullptr && newest->rank >= ring::Rank::Removed) return MemberState::Removed;
  return inComplete ? MemberState::Leaving : MemberState::Gone;
}

}  // namespace

MemberStatus Node::memberStatus(const ring::View& view, const ring::Member& record, MemberState state) const {
  const PeerHealth health = peers_.health(record.id);
  const bool self = record.id == membership_.self().node;
  MemberStatus status{record.id,
                      state,
                      peers_.nameOf(record.id),
                      self,
                      self || health.called,
                      self || health.lastCallOk,
                      health.lastError,
                      health.liveness,
                      view.newest().partitionsOf(record.id),
                      record.weightHundredths,
                      record.zone,
                      {},
                      {},
                      {}};
  const bool heard = health.newest != ring::VersionName();
  if (self || heard) status.clockOffsetMicros = self ? 0 : health.clockOffsetMicros;
  if (self || heard) status.fingerprint = self ? view.newest().fingerprint() : health.fingerprint;
  status.summary = self ? summary() : summaries_.of(record.id);
  return status;
}

NodeStatus Node::status() const {
  NodeStatus status;
  const StandingPtr standing = membership_.standing();
  status.node = membership_.self().node;
  status.boot = membership_.self().boot;
  status.hostPort = settings_.hostPort;
  status.confirmed = home_.confirmed();
  status.totals = store_.totals();
  status.disk = diskWatch_.state();
  status.space = world_.disk.space();
  status.scrub = scrubber_.status();
  status.damage = mender_.counts();
  if (!standing->view) return status;
  const ring::View& view = *standing->view;
  status.ringIdentity = view.ringIdentity();
  status.height = view.newest().name().height;
  status.fingerprint = view.newest().fingerprint();
  status.changing = view.changing();
  status.replicas = view.newest().list().replicas;
  status.copies = view.newest().copies();
  status.toFill = standing->toFill;
  std::map<NodeId, std::string> holdUp = settler_.waitsFor();
  std::map<NodeId, std::uint64_t> hints = hints_.counts();
  for (const ring::Member& record : view.newest().list().members) {
    const MemberState state = stateOf(view, record.id);
    if (state == MemberState::Gone || state == MemberState::Removed) continue;
    status.members.push_back(memberStatus(view, record, state));
    status.members.back().tombstonesWait = std::move(holdUp[record.id]);
    status.members.back().hints = hints[record.id];
  }
  if (addressTaken_) {
    status.trouble =
        "another ring knows this address as one of its members: start this node with -s set to one of that ring";
  } else if (!standing->member) {
    status.trouble = "this node is no member of its ring any more";
  } else if (!status.confirmed) {
    status.trouble = "waiting for a majority of the ring to confirm this node's start";
  } else if (const auto failure = world_.disk.failure()) {
    status.trouble = "this node's disk has failed: it stores nothing until it is started again, and goes on reading (" +
                     failure->text + ")";
  }
  return status;
}

NodeCounts Node::counts() const {
  const auto lookups = store_.lookups();
  NodeCounts counts{lookups.hits, lookups.misses, peers_.calls(), peers_.failures(), 0, hints_.overflowed()};
  for (const auto& coordinator : coordinators_) counts.readRepairs += coordinator->writeBacks();
  return counts;
}

std::uint64_t Node::bytesOfCopies(std::uint64_t copies) const {
  double bytes = 0;
  double partitions = 0;
  const NodeStatus now = status();
  for (const MemberStatus& member : now.members) {
    if (!member.summary) continue;
    bytes += static_cast<double>(member.summary->bytes);
    partitions += member.partitions;
  }
  return partitions > 0 ? static_cast<std::uint64_t>(bytes / partitions * static_cast<double>(copies)) : 0;
}

std::vector<std::string> Node::whereIs(std::string_view key) const {
  std::vector<std::string> names;
  const ring::ViewPtr view = membership_.view();
  if (!view) return names;
  for (const NodeId node : view->newest().homesOf(key)) names.push_back(peers_.nameOf(node));
  return names;
}

}  // namespace mydht::cluster
