#include <algorithm>
#include <map>

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
  status.clockOff = self ? wall_.correction() != 0 : heard && wall_.isOff(health.clockOffsetMicros);
  if (self || heard) status.fingerprint = self ? view.newest().fingerprint() : health.fingerprint;
  status.summary = self ? summary() : summaries_.of(record.id);
  if (status.summary) status.agreement = status.summary->agreement;
  if (status.agreement.table != view.newest().fingerprint()) {
    // It has not looked around since the ring changed, or has not been heard since it did.
    status.agreement = {};
    status.agreement.uncompared = static_cast<std::uint32_t>(status.partitions);
  }
  return status;
}

wire::Summary Node::summary() const {
  const store::Totals totals = store_.totals();
  return {totals.keys,
          totals.bytes,
          membership_.standing()->toFill,
          uptimeSeconds_,
          settings_.programVersion,
          filler_.move(),
          balancer_.agreement(),
          diskWatch_.state(),
          upkeep()};
}

wire::Upkeep Node::upkeep() const {
  constexpr std::int64_t kSecond = 1'000'000;
  const DiskSpace space = world_.disk.space();
  const ScrubStatus scrub = scrubber_.status();
  wire::Upkeep upkeep{space.total,
                      space.free,
                      space.reserve,
                      static_cast<std::uint64_t>(std::max<std::int64_t>(0, scrub.endedMicros / kSecond)),
                      scrub.findings,
                      mender_.counts().waiting,
                      static_cast<std::uint32_t>(scrub.damagedTables),
                      store_.totals().tombstones,
                      {}};
  std::map<NodeId, wire::Kept> kept;
  for (const auto& [node, hints] : hints_.counts()) kept[node] = {node, hints, false};
  for (const auto& [node, why] : settler_.waitsFor()) kept[node] = {node, kept[node].hints, true};
  for (const auto& [node, what] : kept) upkeep.kept.push_back(what);
  const auto mostHints = [](const wire::Kept& a, const wire::Kept& b) { return a.hints > b.hints; };
  std::stable_sort(upkeep.kept.begin(), upkeep.kept.end(), mostHints);
  if (upkeep.kept.size() > wire::kMostKept) upkeep.kept.resize(wire::kMostKept);
  return upkeep;
}

/// What all members that said so keep for each of them, beside what this node does.
void Node::addKeptElsewhere(std::vector<MemberStatus>& members) {
  std::map<NodeId, MemberStatus*> byNode;
  for (MemberStatus& member : members) byNode[member.node] = &member;
  for (const MemberStatus& keeper : members) {
    if (!keeper.summary || keeper.self) continue;
    for (const wire::Kept& kept : keeper.summary->upkeep.kept) {
      const auto at = byNode.find(kept.member);
      if (at == byNode.end()) continue;
      at->second->hintsInAll += kept.hints;
      at->second->tombstonesWaitAt += kept.tombstones ? 1 : 0;
    }
  }
}

NodeStatus Node::status() const {
  NodeStatus status;
  const StandingPtr standing = membership_.standing();
  status.node = membership_.self().node;
  status.boot = membership_.self().boot;
  status.hostPort = settings_.hostPort;
  status.confirmed = membership_.confirmed();
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
    MemberStatus& member = status.members.back();
    member.tombstonesWait = std::move(holdUp[record.id]);
    member.tombstonesWaitAt = member.tombstonesWait.empty() ? 0 : 1;
    member.hints = member.hintsInAll = hints[record.id];
  }
  addKeptElsewhere(status.members);
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
