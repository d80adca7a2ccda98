#include "server/api/ring_shape.h"

#include <algorithm>
#include <utility>

namespace mydht::api {
namespace {

/// How many keys the status shows: a first look, not a listing.
constexpr std::size_t kFirstKeys = 50;

protocol::MemberState stateOf(cluster::MemberState state) {
  switch (state) {
    case cluster::MemberState::Joining:
      return protocol::MemberState::Joining;
    case cluster::MemberState::Active:
      return protocol::MemberState::Active;
    case cluster::MemberState::Leaving:
      return protocol::MemberState::Leaving;
    case cluster::MemberState::Gone:
      return protocol::MemberState::Gone;
    case cluster::MemberState::Removed:
      return protocol::MemberState::Removed;
  }
  invariantBroken("a known state", __FILE__, __LINE__);
}

protocol::Liveness livenessOf(cluster::Liveness liveness) {
  switch (liveness) {
    case cluster::Liveness::Alive:
      return protocol::Liveness::Alive;
    case cluster::Liveness::Suspect:
      return protocol::Liveness::Suspect;
    case cluster::Liveness::Dead:
      return protocol::Liveness::Down;
  }
  invariantBroken("a known liveness", __FILE__, __LINE__);
}

std::string diskText(wire::DiskState state) {
  switch (state) {
    case wire::DiskState::Well:
      return {};
    case wire::DiskState::Full:
      return "full";
    case wire::DiskState::Failed:
      return "failed";
  }
  invariantBroken("a known state", __FILE__, __LINE__);
}

/// The end of the year 9999: what comes from other nodes may be anything.
constexpr std::uint64_t kMostSeconds = 253'402'300'799;

protocol::NodeStatus memberShapeOf(const cluster::MemberStatus& member) {
  protocol::NodeStatus shape;
  shape.id = member.node;
  shape.name = member.hostPort;
  shape.state = stateOf(member.state);
  shape.weightHundredths = member.weightHundredths;
  shape.zone = member.zone;
  if (!member.self) shape.liveness = livenessOf(member.liveness);
  if (!member.self && member.called) shape.lastCallOk = member.lastCallOk;
  shape.lastError = member.lastError;
  shape.partitions = member.partitions;
  shape.clockOffsetMicros = member.clockOffsetMicros;
  shape.fingerprint = member.fingerprint;
  shape.tombstonesWait = member.tombstonesWait;
  shape.tombstonesWaitAt = member.tombstonesWaitAt;
  shape.hints = member.hints;
  shape.hintsInAll = member.hintsInAll;
  shape.clockOff = member.clockOff;
  const wire::Agreement& agreement = member.agreement;
  shape.agreement = protocol::Agreement{agreement.lacking, agreement.differing, agreement.uncompared, agreement.seconds,
                                        agreement.comparedSecondsAgo};
  if (!member.summary) return shape;
  shape.keys = member.summary->keys;
  shape.bytes = member.summary->bytes;
  shape.toFill = member.summary->toFill;
  const wire::Move& move = member.summary->move;
  if (move.done < move.partitions) {
    shape.move = protocol::Move{move.partitions, move.done, move.bytes, move.bytesPerSecond, move.secondsLeft};
  }
  shape.uptimeSeconds = member.summary->uptimeSeconds;
  shape.version = member.summary->programVersion;
  shape.disk = diskText(member.summary->disk);
  const wire::Upkeep& upkeep = member.summary->upkeep;
  shape.tombstones = upkeep.tombstones;
  shape.diskUse = protocol::DiskUse{
      upkeep.diskTotal,    upkeep.diskFree,
      upkeep.diskReserve,  static_cast<std::int64_t>(std::min(upkeep.scrubbedSeconds, kMostSeconds)) * 1'000'000,
      upkeep.findings,     upkeep.damaged,
      upkeep.damagedTables};
  return shape;
}

protocol::DiskStatus diskShapeOf(const cluster::NodeStatus& status) {
  protocol::DiskStatus shape;
  if (status.disk != wire::DiskState::Well) shape.state = diskText(status.disk);
  shape.totalBytes = status.space.total;
  shape.freeBytes = status.space.free;
  shape.reserveBytes = status.space.reserve;
  shape.scrubs = status.scrub.rounds;
  shape.scrubbedMicros = status.scrub.endedMicros;
  shape.scrubbedBytes = status.scrub.bytes;
  shape.findings = status.scrub.findings;
  shape.damagedTables = status.scrub.damagedTables;
  shape.scrubbing = status.scrub.running;
  shape.damaged = status.damage.found;
  shape.repaired = status.damage.repaired;
  shape.waiting = status.damage.waiting;
  return shape;
}

protocol::Traffic trafficOf(const metrics::TrafficHistory& history) {
  protocol::Traffic shape;
  shape.secondsPerStep = metrics::TrafficHistory::kSecondsPerStep;
  for (const metrics::TrafficTotals& step : history.steps()) {
    shape.requests.push_back(step.requests);
    shape.bytesIn.push_back(step.bytesIn);
    shape.bytesOut.push_back(step.bytesOut);
  }
  return shape;
}

}  // namespace

protocol::RingStatus ringShapeOf(const Context& context, std::vector<Key> firstKeys) {
  const cluster::NodeStatus status = context.node.status();
  protocol::RingStatus shape;
  shape.self = status.node;
  shape.selfName = status.hostPort;
  shape.programVersion = context.programVersion;
  shape.ringIdentity = status.ringIdentity;
  shape.height = status.height;
  shape.fingerprint = status.fingerprint;
  shape.replicas = status.replicas;
  shape.copies = status.copies;
  if (const auto view = context.node.membership().view()) {
    shape.listHash = view->newest().name().hash;
    shape.activeVersions = static_cast<std::uint32_t>(view->active().size());
  }
  for (const auto& member : status.members) shape.members.push_back(memberShapeOf(member));
  shape.keys = status.totals.keys;
  shape.bytes = status.totals.bytes;
  shape.tombstones = status.totals.tombstones;
  shape.toFill = status.toFill;
  shape.trouble = status.trouble;
  shape.disk = diskShapeOf(status);
  shape.firstKeys = std::move(firstKeys);
  if (context.traffic != nullptr) shape.traffic = trafficOf(*context.traffic);
  if (context.lately == nullptr) return shape;
  for (metrics::RecentEvent& event : context.lately->events()) {
    shape.lately.push_back(
        {event.atMicros, std::move(event.severity), std::move(event.event), std::move(event.fields)});
  }
  return shape;
}

Task<protocol::RingStatus> ringShapeWithKeys(const Context& context, Deadline deadline) {
  auto keys = co_await context.node.keys("", "", kFirstKeys, deadline);
  std::vector<Key> first;
  if (keys) first = std::move(keys->keys);
  co_return ringShapeOf(context, std::move(first));
}

}  // namespace mydht::api
