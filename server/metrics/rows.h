#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mydht::metrics {

enum class Kind : std::uint8_t { Counter, Gauge, Histogram };

/// All metrics, in the order of their rows.
enum class Metric : std::uint8_t {
  BuildInfo,
  Serving,
  HttpRequests,
  HttpRequestDuration,
  HttpMalformed,
  HttpTooBusy,
  HttpTurnedAway,
  HttpReceivedBytes,
  HttpSentBytes,
  HttpConnections,
  HttpConnectionsOpened,
  PeerRequests,
  PeerCalls,
  PeerCallFailures,
  Keys,
  Tombstones,
  TombstonesWait,
  Hints,
  HintsOverflowed,
  StoredBytes,
  PartitionsToFill,
  MovePartitions,
  MoveDone,
  MoveBytes,
  MoveRate,
  MoveSecondsLeft,
  PartitionsUnequal,
  UnequalSeconds,
  RingMembers,
  RingMembersLiveness,
  MemberState,
  RingHeight,
  RingActiveVersions,
  ClockOffset,
  MemberClockOffset,
  ClockOff,
  Events,
  CacheHits,
  CacheMisses,
  ReadRepairs,
  DiskSyncs,
  DiskBatches,
  DiskFreeBytes,
  DiskTotalBytes,
  DiskReserveBytes,
  DiskFull,
  DiskFailed,
  Scrubs,
  ScrubEnded,
  ScrubbedBytes,
  ScrubFindings,
  DamagedTables,
  DamagedValues,
  RepairedValues,
  DamageWaiting,
  ProcessCpu,
  ProcessStartTime,
  ProcessResidentBytes,
  ProcessVirtualBytes,
  ProcessOpenFiles,
  ProcessMostOpenFiles,
};

/// One metric: everything about it but its value. Names follow Prometheus' conventions: the unit at the end, `_total`
/// behind what only grows.
struct Row {
  Metric metric;
  std::string_view name;
  Kind kind;
  std::string_view help;
};

/// All rows, in the order in which they are printed.
std::span<const Row> rows();
const Row& rowOf(Metric metric);

}  // namespace mydht::metrics
