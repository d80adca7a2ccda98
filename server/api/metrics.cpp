#include "server/api/metrics.h"

#include <algorithm>
#include <array>
#include <map>

#include "common/http/head.h"
#include "common/protocol/shapes.h"
#include "server/api/ring_shape.h"
#include "server/metrics/exposition.h"

namespace mydht::api {
namespace {

using metrics::Exposition;
using metrics::Metric;

constexpr double kMicros = 1e6;

void addRequests(Exposition& out, const metrics::HttpNumbers& http) {
  static constexpr std::array<std::string_view, metrics::kStatusClasses> kClasses = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t method = 0; method < metrics::kMethods; ++method) {
    for (std::size_t status = 0; status < metrics::kStatusClasses; ++status) {
      const std::uint64_t count = http.requests[method][status];
      // A few are always there, so that a rate begins at 0 and not at the first request.
      const bool usual = static_cast<http::Method>(method) <= http::Method::Delete && status > 0;
      if (count == 0 && !usual) continue;
      out.add(Metric::HttpRequests, count,
              {{"method", http::methodText(static_cast<http::Method>(method))}, {"code", kClasses[status]}});
    }
  }
}

void addHttp(Exposition& out, const metrics::HttpNumbers& http) {
  addRequests(out, http);
  out.add(Metric::HttpRequestDuration, http.durations);
  out.add(Metric::HttpMalformed, http.malformed);
  out.add(Metric::HttpTooBusy, http.tooBusy);
  out.add(Metric::HttpTurnedAway, http.turnedAway);
  out.add(Metric::HttpReceivedBytes, http.bytesIn);
  out.add(Metric::HttpSentBytes, http.bytesOut);
  out.add(Metric::HttpConnections, http.openConnections);
  out.add(Metric::HttpConnectionsOpened, http.connections);
  out.add(Metric::PeerRequests, http.fromNodes);
}

void addProcess(Exposition& out, const metrics::ProcessNumbers& process) {
  out.addReal(Metric::ProcessCpu, process.cpuSeconds);
  out.addReal(Metric::ProcessStartTime, process.startedAtSeconds);
  out.add(Metric::ProcessResidentBytes, process.residentBytes);
  out.add(Metric::ProcessVirtualBytes, process.virtualBytes);
  out.add(Metric::ProcessOpenFiles, process.openFiles);
  out.add(Metric::ProcessMostOpenFiles, process.mostOpenFiles);
}

void addDisk(Exposition& out, const metrics::DiskNumbers& disk) {
  out.add(Metric::DiskSyncs, disk.syncs);
  out.add(Metric::DiskBatches, disk.batches);
}

/// The median of what is known of the other members' clocks, and of this node's own 0; of two the smaller.
std::int64_t clockOffset(const cluster::NodeStatus& status) {
  std::vector<std::int64_t> offsets;
  for (const auto& member : status.members) {
    if (member.clockOffsetMicros) offsets.push_back(*member.clockOffsetMicros);
  }
  if (offsets.empty()) return 0;
  std::sort(offsets.begin(), offsets.end());
  return offsets[(offsets.size() - 1) / 2];
}

void addAgreement(Exposition& out, const protocol::RingStatus& ring) {
  protocol::Agreement agreement;
  for (const protocol::NodeStatus& member : ring.members) {
    if (member.id == ring.self) agreement = member.agreement.value_or(agreement);
  }
  out.add(Metric::PartitionsUnequal, agreement.lacking, {{"other", "absent"}});
  out.add(Metric::PartitionsUnequal, agreement.differing, {{"other", "differs"}});
  out.add(Metric::PartitionsUnequal, agreement.uncompared, {{"other", "uncompared"}});
  out.add(Metric::UnequalSeconds, agreement.seconds);
}

/// What this node has still to fill.
void addMove(Exposition& out, const protocol::RingStatus& ring) {
  protocol::Move move;
  for (const protocol::NodeStatus& member : ring.members) {
    if (member.id == ring.self) move = member.move.value_or(move);
  }
  out.add(Metric::PartitionsToFill, ring.toFill);
  out.add(Metric::MovePartitions, move.partitions);
  out.add(Metric::MoveDone, move.done);
  out.add(Metric::MoveBytes, move.bytes);
  out.add(Metric::MoveRate, move.bytesPerSecond);
  out.add(Metric::MoveSecondsLeft, move.secondsLeft);
}

/// Where each member stands, and how its clock is.
void addMembers(Exposition& out, const protocol::RingStatus& ring) {
  for (const protocol::NodeStatus& member : ring.members) {
    const auto liveness = member.liveness.value_or(protocol::Liveness::Alive);
    out.add(Metric::MemberState, std::uint64_t{1},
            {{"member", member.name},
             {"state", protocol::memberStateText(member.state)},
             {"liveness", protocol::livenessText(liveness)}});
  }
  for (const protocol::NodeStatus& member : ring.members) {
    const auto offset = static_cast<double>(member.clockOffsetMicros.value_or(0)) / kMicros;
    if (member.clockOffsetMicros) out.addReal(Metric::MemberClockOffset, offset, {{"member", member.name}});
  }
  for (const protocol::NodeStatus& member : ring.members) {
    out.add(Metric::ClockOff, std::uint64_t{member.clockOff ? 1U : 0U}, {{"member", member.name}});
  }
}

/// Those that one wants to hear of are always there, so that a rate begins at 0 and not at the first of them.
void addEvents(Exposition& out, const metrics::RecentEvents* lately) {
  std::map<std::string, std::uint64_t> counts{
      {"member.silent", 0}, {"member.back", 0}, {"ring.complete", 0}, {"corruption.repaired", 0}};
  if (lately != nullptr) {
    for (const auto& [event, count] : lately->counts()) counts[event] = count;
  }
  for (const auto& [event, count] : counts) out.add(Metric::Events, count, {{"event", event}});
}

void addDiskStatus(Exposition& out, const protocol::DiskStatus& disk) {
  out.add(Metric::DiskFreeBytes, disk.freeBytes);
  out.add(Metric::DiskTotalBytes, disk.totalBytes);
  out.add(Metric::DiskReserveBytes, disk.reserveBytes);
  out.add(Metric::DiskFull, std::uint64_t{disk.state == "full" ? 1U : 0U});
  out.add(Metric::DiskFailed, std::uint64_t{disk.state == "failed" ? 1U : 0U});
  out.add(Metric::Scrubs, disk.scrubs);
  out.addReal(Metric::ScrubEnded, static_cast<double>(disk.scrubbedMicros) / kMicros);
  out.add(Metric::ScrubbedBytes, disk.scrubbedBytes);
  out.add(Metric::ScrubFindings, disk.findings);
  out.add(Metric::DamagedTables, disk.damagedTables);
  out.add(Metric::DamagedValues, disk.damaged);
  out.add(Metric::RepairedValues, disk.repaired);
  out.add(Metric::DamageWaiting, disk.waiting);
}

void addRing(Exposition& out, const protocol::RingStatus& ring, const cluster::NodeStatus& status) {
  using protocol::MemberState;
  std::map<MemberState, std::uint64_t> members{
      {MemberState::Joining, 0}, {MemberState::Active, 0}, {MemberState::Leaving, 0}};
  for (const protocol::NodeStatus& member : ring.members) ++members[member.state];
  for (const auto& [state, count] : members) {
    out.add(Metric::RingMembers, count, {{"state", protocol::memberStateText(state)}});
  }
  std::map<protocol::Liveness, std::uint64_t> liveness{
      {protocol::Liveness::Alive, 0}, {protocol::Liveness::Suspect, 0}, {protocol::Liveness::Down, 0}};
  for (const protocol::NodeStatus& member : ring.members) {
    if (member.liveness) ++liveness[*member.liveness];
  }
  for (const auto& [how, count] : liveness) {
    out.add(Metric::RingMembersLiveness, count, {{"liveness", protocol::livenessText(how)}});
  }
  out.add(Metric::RingHeight, ring.height);
  out.add(Metric::RingActiveVersions, ring.activeVersions);
  out.addReal(Metric::ClockOffset, static_cast<double>(clockOffset(status)) / kMicros);
  addMembers(out, ring);
  addMove(out, ring);
  addAgreement(out, ring);
  out.add(Metric::Keys, ring.keys);
  out.add(Metric::StoredBytes, ring.bytes);
  out.add(Metric::Tombstones, status.totals.tombstones);
  for (const protocol::NodeStatus& member : ring.members) {
    out.add(Metric::TombstonesWait, std::uint64_t{member.tombstonesWait.empty() ? 0U : 1U}, {{"member", member.name}});
  }
  for (const protocol::NodeStatus& member : ring.members) {
    out.add(Metric::Hints, member.hints, {{"member", member.name}});
  }
  if (ring.disk) addDiskStatus(out, *ring.disk);
  out.add(Metric::Serving, std::uint64_t{ring.trouble.empty() ? 1U : 0U});
}

void addCounts(Exposition& out, const cluster::NodeCounts& counts) {
  out.add(Metric::PeerCalls, counts.peerCalls);
  out.add(Metric::PeerCallFailures, counts.peerCallFailures);
  out.add(Metric::CacheHits, counts.cacheHits);
  out.add(Metric::CacheMisses, counts.cacheMisses);
  out.add(Metric::ReadRepairs, counts.readRepairs);
  out.add(Metric::HintsOverflowed, counts.hintsOverflowed);
}

}  // namespace

std::string metricsText(const Context& context) {
  Exposition out;
  out.add(Metric::BuildInfo, std::uint64_t{1}, {{"version", context.programVersion}});
  addRing(out, ringShapeOf(context, {}), context.node.status());
  addCounts(out, context.node.counts());
  addEvents(out, context.lately);
  if (context.numbers) {
    const metrics::Numbers numbers = context.numbers();
    addHttp(out, numbers.http);
    addDisk(out, numbers.disk);
    addProcess(out, numbers.process);
  }
  return out.text();
}

Task<http::Response> getMetrics(const Context& context, http::Request&) {
  http::Response response = http::respond(200, Exposition::kType, metricsText(context));
  response.header("Cache-Control", "no-store");
  co_return response;
}

}  // namespace mydht::api
