#include "server/metrics/rows.h"

#include <array>

#include "common/result/check.h"

namespace mydht::metrics {
namespace {

constexpr std::array kRows = {
    Row{Metric::BuildInfo, "mydht_build_info", Kind::Gauge, "Always 1; its labels say which program this is."},
    Row{Metric::Serving, "mydht_serving", Kind::Gauge, "1 while this node serves as it should, else 0."},
    Row{Metric::HttpRequests, "mydht_http_requests_total", Kind::Counter,
        "Clients' requests answered, by method and class of the status."},
    Row{Metric::HttpRequestDuration, "mydht_http_request_duration_seconds", Kind::Histogram,
        "From the end of a client's request head to the last byte of the answer, but for what the kernel still holds."},
    Row{Metric::HttpMalformed, "mydht_http_malformed_requests_total", Kind::Counter,
        "Request heads refused because they are no HTTP, or did not come in time."},
    Row{Metric::HttpTooBusy, "mydht_http_too_busy_total", Kind::Counter,
        "Requests refused with 503 because their loop worked on as many as it may (--busy)."},
    Row{Metric::HttpTurnedAway, "mydht_http_turned_away_total", Kind::Counter,
        "Connections refused because too many were open, in all or from their address."},
    Row{Metric::HttpReceivedBytes, "mydht_http_received_bytes_total", Kind::Counter,
        "Bytes received from clients and from nodes that called."},
    Row{Metric::HttpSentBytes, "mydht_http_sent_bytes_total", Kind::Counter,
        "Bytes sent to clients and to nodes that called."},
    Row{Metric::HttpConnections, "mydht_http_connections", Kind::Gauge, "Connections open now."},
    Row{Metric::HttpConnectionsOpened, "mydht_http_connections_opened_total", Kind::Counter,
        "Connections that clients and nodes have opened."},
    Row{Metric::PeerRequests, "mydht_peer_requests_total", Kind::Counter, "Calls of other nodes answered."},
    Row{Metric::PeerCalls, "mydht_peer_calls_total", Kind::Counter, "Calls to other nodes."},
    Row{Metric::PeerCallFailures, "mydht_peer_call_failures_total", Kind::Counter,
        "Calls to other nodes that got no answer."},
    Row{Metric::Keys, "mydht_keys", Kind::Gauge, "Live keys that lie on this node."},
    Row{Metric::Tombstones, "mydht_tombstones", Kind::Gauge, "Deleted keys that this node still remembers."},
    Row{Metric::TombstonesWait, "mydht_tombstones_wait", Kind::Gauge,
        "1 while deleted keys of this node are remembered for that member, since it is down or has something to fill."},
    Row{Metric::Hints, "mydht_hints", Kind::Gauge, "Writes that member missed and this node keeps a note of."},
    Row{Metric::HintsOverflowed, "mydht_hints_overflowed_total", Kind::Counter,
        "Missed writes that were not noted since there were too many: comparing hash trees finds them."},
    Row{Metric::StoredBytes, "mydht_stored_bytes", Kind::Gauge, "Bytes of live values on this node."},
    Row{Metric::PartitionsToFill, "mydht_partitions_to_fill", Kind::Gauge,
        "Partitions that this node is home to and has still to fill."},
    Row{Metric::MovePartitions, "mydht_move_partitions", Kind::Gauge,
        "Partitions that this node has to fill since the ring last changed; 0: none is left."},
    Row{Metric::MoveDone, "mydht_move_partitions_done", Kind::Gauge, "Of those, filled."},
    Row{Metric::MoveBytes, "mydht_move_bytes", Kind::Gauge, "Bytes copied for them so far."},
    Row{Metric::MoveRate, "mydht_move_bytes_per_second", Kind::Gauge, "How fast they are copied."},
    Row{Metric::MoveSecondsLeft, "mydht_move_left_seconds", Kind::Gauge,
        "How long that takes if it goes on like this."},
    Row{Metric::PartitionsUnequal, "mydht_partitions_unequal", Kind::Gauge,
        "Partitions of this node that are not known to have all their copies, by what is known of another home node: "
        "it is absent, differs, or has not been compared with yet."},
    Row{Metric::UnequalSeconds, "mydht_unequal_seconds", Kind::Gauge, "For how long there has been one of those."},
    Row{Metric::RingMembers, "mydht_ring_members", Kind::Gauge, "Members of the ring as this node sees it, by state."},
    Row{Metric::RingMembersLiveness, "mydht_ring_members_liveness", Kind::Gauge,
        "Other members by whether they show signs of life, as the failure detector has it: alive, suspect or down."},
    Row{Metric::MemberState, "mydht_member_state", Kind::Gauge,
        "Always 1; the labels say where each member stands: joining, active, leaving; alive, suspect, down."},
    Row{Metric::RingHeight, "mydht_ring_height", Kind::Gauge, "Height of the newest version of the ring."},
    Row{Metric::RingActiveVersions, "mydht_ring_active_versions", Kind::Gauge,
        "Versions of the ring in which quorums are counted; over 1 while it changes."},
    Row{Metric::ClockOffset, "mydht_clock_offset_seconds", Kind::Gauge,
        "The median of the members' clocks less this node's."},
    Row{Metric::MemberClockOffset, "mydht_member_clock_offset_seconds", Kind::Gauge,
        "The clock of each other member less this node's."},
    Row{Metric::ClockOff, "mydht_member_clock_off", Kind::Gauge,
        "1 while that member's clock, or this node's own, is off from the ring's by more than a second, else 0."},
    Row{Metric::Events, "mydht_events_total", Kind::Counter,
        "Events of note on this node, by their name in the journal."},
    Row{Metric::CacheHits, "mydht_cache_hits_total", Kind::Counter, "Look-ups that the small-value cache answered."},
    Row{Metric::CacheMisses, "mydht_cache_misses_total", Kind::Counter, "Look-ups that it did not."},
    Row{Metric::ReadRepairs, "mydht_read_repairs_total", Kind::Counter,
        "Gets that found home nodes to differ and wrote the newest version back."},
    Row{Metric::DiskSyncs, "mydht_disk_syncs_total", Kind::Counter,
        "Syncs of the database's log, each for all batches that waited."},
    Row{Metric::DiskBatches, "mydht_disk_batches_total", Kind::Counter,
        "Batches written to the database since its directory was made."},
    Row{Metric::DiskFreeBytes, "mydht_disk_free_bytes", Kind::Gauge,
        "What may still be written, the reserve taken off."},
    Row{Metric::DiskTotalBytes, "mydht_disk_total_bytes", Kind::Gauge, "Size of the file system."},
    Row{Metric::DiskReserveBytes, "mydht_disk_reserve_bytes", Kind::Gauge,
        "Kept for deletes on a full disk; 0: none, or in use."},
    Row{Metric::DiskFull, "mydht_disk_full", Kind::Gauge, "1 while the disk is full and puts are refused, else 0."},
    Row{Metric::DiskFailed, "mydht_disk_failed", Kind::Gauge,
        "1 since a read, write or sync has failed: nothing is stored until a restart."},
    Row{Metric::Scrubs, "mydht_scrubs_total", Kind::Counter, "Rounds of reading everything on the disk, ended."},
    Row{Metric::ScrubEnded, "mydht_scrub_end_time_seconds", Kind::Gauge,
        "When the last of them ended, in seconds since 1970; 0: none yet."},
    Row{Metric::ScrubbedBytes, "mydht_scrub_read_bytes", Kind::Gauge, "Bytes that the last of them has read."},
    Row{Metric::ScrubFindings, "mydht_scrub_findings", Kind::Gauge, "Damaged places that the last of them found."},
    Row{Metric::DamagedTables, "mydht_damaged_tables", Kind::Gauge,
        "Tables of the database that are damaged: the node needs a new data directory."},
    Row{Metric::DamagedValues, "mydht_damaged_values_total", Kind::Counter,
        "Values found damaged, by reads and by scrubs."},
    Row{Metric::RepairedValues, "mydht_repaired_values_total", Kind::Counter,
        "Damaged values written anew from another home node."},
    Row{Metric::DamageWaiting, "mydht_damaged_values_waiting", Kind::Gauge, "Damaged values not repaired yet."},
    Row{Metric::ProcessCpu, "process_cpu_seconds_total", Kind::Counter, "CPU time of this process, user and system."},
    Row{Metric::ProcessStartTime, "process_start_time_seconds", Kind::Gauge,
        "When this process began, in seconds since 1970."},
    Row{Metric::ProcessResidentBytes, "process_resident_memory_bytes", Kind::Gauge, "Memory of this process."},
    Row{Metric::ProcessVirtualBytes, "process_virtual_memory_bytes", Kind::Gauge, "Address space of this process."},
    Row{Metric::ProcessOpenFiles, "process_open_fds", Kind::Gauge, "Open files and sockets."},
    Row{Metric::ProcessMostOpenFiles, "process_max_fds", Kind::Gauge, "How many it may have open."},
};

}  // namespace

std::span<const Row> rows() {
  return kRows;
}

const Row& rowOf(Metric metric) {
  const Row& row = kRows[static_cast<std::size_t>(metric)];
  MYDHT_ASSERT(row.metric == metric);
  return row;
}

}  // namespace mydht::metrics
