#pragma once

#include <string>
#include <string_view>

/// The paths of the HTTP interface, said once for server and client. All but the keys' own begin with /_mydht/.
namespace mydht::protocol {

/// GET: the status page.
inline constexpr std::string_view kHomePath = "/";
/// Keys that begin with this are reserved; as a path it has a '/' in front.
inline constexpr std::string_view kReservedKeyPrefix = "_mydht/";

/// GET HEAD PUT DELETE `?key=KEY`: the same as /KEY, for keys that a browser cannot spell as a path.
inline constexpr std::string_view kValuePath = "/_mydht/value";
/// GET: this node and its ring, as RingStatus.
inline constexpr std::string_view kStatusPath = "/_mydht/status";
/// GET: the members alone, as RingStatus without keys.
inline constexpr std::string_view kRingPath = "/_mydht/ring";
/// GET: who is the first home node of which partition, as RingTable.
inline constexpr std::string_view kRingTablePath = "/_mydht/ring/table";
/// GET: the status as server-sent events, without end.
inline constexpr std::string_view kEventsPath = "/_mydht/events";
/// GET: the icon of the status page.
inline constexpr std::string_view kIconPath = "/_mydht/icon";
/// GET `?key=KEY`: the home nodes of a key, as WhereIs.
inline constexpr std::string_view kWhereIsPath = "/_mydht/whereis";
/// GET `?key=KEY`: whether a value is stored, and since when, as HasKey.
inline constexpr std::string_view kHasKeyPath = "/_mydht/haskey";
/// GET `?prefix=&after=&limit=&delimiter=`: keys in the order of their bytes, as Listing; `where=node` those that lie
/// on the answering node alone.
inline constexpr std::string_view kKeysPath = "/_mydht/keys";
/// GET: 200 while the node serves.
inline constexpr std::string_view kHealthPath = "/_mydht/health";
/// GET: counters in the text format of Prometheus.
inline constexpr std::string_view kMetricsPath = "/_mydht/metrics";
/// POST: messages between nodes.
inline constexpr std::string_view kPeerPath = "/_mydht/peer";

/// POST: actions on the ring; remove takes `?node=HOST:PORT` and `&force=1`. With `dry-run=1` they only say, as the
/// Forecast of a RingAction, what they would do.
inline constexpr std::string_view kRemovePath = "/_mydht/actions/remove";
inline constexpr std::string_view kReplicasPath = "/_mydht/actions/replicas";
inline constexpr std::string_view kLeavePath = "/_mydht/actions/leave";
/// Only with `dry-run=1`: what would move if a node of `&weight=` and `&zone=` joined.
inline constexpr std::string_view kJoinPath = "/_mydht/actions/join";
inline constexpr std::string_view kBalancePath = "/_mydht/actions/balance";
inline constexpr std::string_view kPurgePath = "/_mydht/actions/purge";
/// GET `?run=`: how an action goes, as ActionStatus.
inline constexpr std::string_view kActionsPath = "/_mydht/actions";

/// Query parameters.
inline constexpr std::string_view kKeyParameter = "key";
inline constexpr std::string_view kConsistencyParameter = "consistency";
inline constexpr std::string_view kNodeParameter = "node";
inline constexpr std::string_view kForceParameter = "force";
inline constexpr std::string_view kDryRunParameter = "dry-run";
inline constexpr std::string_view kRunParameter = "run";
inline constexpr std::string_view kCountParameter = "count";
inline constexpr std::string_view kWeightParameter = "weight";
inline constexpr std::string_view kZoneParameter = "zone";
inline constexpr std::string_view kPrefixParameter = "prefix";
inline constexpr std::string_view kAfterParameter = "after";
inline constexpr std::string_view kLimitParameter = "limit";
inline constexpr std::string_view kDelimiterParameter = "delimiter";
inline constexpr std::string_view kWhereParameter = "where";

/// Where a key's value is, as a path that also survives browsers and other clients: `/some/key`, or
/// `/_mydht/value?key=...` for keys with a segment "." or "..", or a '/' in front. Percent-encoded, printable ASCII
/// without quotes or angle brackets.
std::string urlOf(std::string_view key);

}  // namespace mydht::protocol
