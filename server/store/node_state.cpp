#include "server/store/node_state.h"

#include "server/store/commits.h"
#include "server/store/rows.h"
#include "server/wire/codec.h"

namespace mydht::store {
namespace {

constexpr std::uint8_t kFormat = 1;
// 2: with what is owed and the former ring.
constexpr std::uint8_t kRingFormat = 2;
constexpr std::size_t kHostPortBytes = 300;
constexpr std::size_t kPeerRowName = 9;

Error damaged(std::string_view row) {
  return {Kind::Corrupt, "the row " + std::string(row) + " is damaged"};
}

PartitionSet readSet(wire::Reader& in) {
  const std::string_view bits = in.text(limits::kPartitions / 8);
  if (!bits.empty() && bits.size() != limits::kPartitions / 8) in.fail();
  return setOf(bits);
}

std::optional<NodeId> nodeOfRow(std::string_view name) {
  if (name.size() != kPeerRowName) return std::nullopt;
  NodeId node = 0;
  for (const char byte : name.substr(1)) node = node << 8 | static_cast<unsigned char>(byte);
  return node;
}

Task<Result<std::optional<Bytes>>> read(Disk& disk, std::string_view row, Deadline deadline) {
  auto content = co_await disk.get(std::string(row), deadline);
  if (!content) co_return content.error().within("read the row " + std::string(row));
  co_return content;
}

Task<Status> loadPeers(Disk& disk, NodeState& state, Deadline deadline) {
  std::string from = "r";
  while (!from.empty()) {
    auto page = co_await disk.scan(from, "s", limits::kMessageBytes, deadline);
    if (!page) co_return page.error().within("read what is remembered of other nodes");
    for (const auto& [name, content] : page->rows) {
      const auto node = nodeOfRow(name);
      auto peer = decodePeerState(content.view());
      if (!node || !peer) co_return damaged("r");
      state.peers.emplace(*node, std::move(*peer));
    }
    from = page->next;
  }
  co_return Status();
}

}  // namespace

Task<Result<NodeState>> loadNodeState(Disk& disk, Deadline deadline) {
  NodeState state;
  auto identity = co_await read(disk, kIdentityRow, deadline);
  if (!identity) co_return identity.error();
  if (identity->has_value()) {
    state.identity = decodeIdentity((*identity)->view());
    if (!state.identity) co_return damaged(kIdentityRow);
  }
  auto ringRow = co_await read(disk, kRingRow, deadline);
  if (!ringRow) co_return ringRow.error();
  if (ringRow->has_value()) {
    auto decoded = decodeRingState((*ringRow)->view());
    if (!decoded) co_return damaged(kRingRow);
    state.ring = std::move(*decoded);
  }
  auto clock = co_await read(disk, kClockRow, deadline);
  if (!clock) co_return clock.error();
  if (clock->has_value()) {
    wire::Reader in((*clock)->view());
    state.clockFloorMicros = in.number<std::int64_t>() + Commits::kClockStepMicros;
    if (!in.whole()) co_return damaged(kClockRow);
  }
  auto peers = co_await loadPeers(disk, state, deadline);
  if (!peers) co_return peers.error();
  co_return state;
}

Bytes encodeIdentity(const Identity& identity) {
  wire::Writer out;
  out.number(kFormat).number(identity.node).number(identity.boot).number(identity.tokenSeed).number(identity.replaces);
  return Bytes(out.take());
}

std::optional<Identity> decodeIdentity(std::string_view content) {
  wire::Reader in(content);
  const auto format = in.number<std::uint8_t>();
  Identity identity;
  in.number(identity.node);
  in.number(identity.boot);
  in.number(identity.tokenSeed);
  in.number(identity.replaces);
  if (format != kFormat || !in.whole() || identity.node == 0) return std::nullopt;
  return identity;
}

Bytes encodeRingState(const RingState& state) {
  wire::Writer out;
  out.number(kRingFormat).number<std::uint8_t>(state.view.active.empty() ? 0 : 1);
  if (!state.view.active.empty()) out.view(state.view);
  out.number<std::uint8_t>(state.accepted.members.empty() ? 0 : 1);
  if (!state.accepted.members.empty()) out.list(state.accepted);
  out.text(bitsOf(state.filled)).text(bitsOf(state.sources)).name(state.completeHeld).text(state.hostPort);
  out.text(bitsOf(state.owed)).number(state.formerRing);
  return Bytes(out.take());
}

std::optional<RingState> decodeRingState(std::string_view content) {
  wire::Reader in(content);
  const auto format = in.number<std::uint8_t>();
  RingState state;
  if (in.number<std::uint8_t>() == 1) state.view = in.view();
  if (format < 2 || in.number<std::uint8_t>() == 1) state.accepted = in.list();
  state.filled = readSet(in);
  state.sources = readSet(in);
  state.completeHeld = in.name();
  state.hostPort = in.text(kHostPortBytes);
  if (format >= 2) {
    state.owed = readSet(in);
    in.number(state.formerRing);
  }
  if (format < 1 || format > kRingFormat || !in.whole()) return std::nullopt;
  return state;
}

Bytes encodePeerState(const PeerState& peer) {
  wire::Writer out;
  out.number(kFormat).text(peer.hostPort).number(peer.boot).number(peer.synced);
  return Bytes(out.take());
}

std::optional<PeerState> decodePeerState(std::string_view content) {
  wire::Reader in(content);
  const auto format = in.number<std::uint8_t>();
  PeerState peer;
  peer.hostPort = in.text(kHostPortBytes);
  in.number(peer.boot);
  in.number(peer.synced);
  if (format != kFormat || !in.whole()) return std::nullopt;
  return peer;
}

std::string bitsOf(const PartitionSet& set) {
  if (set.none()) return {};
  std::string bits(limits::kPartitions / 8, '\0');
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    if (set[i]) bits[i / 8] = static_cast<char>(bits[i / 8] | (1 << (i % 8)));
  }
  return bits;
}

PartitionSet setOf(std::string_view bits) {
  PartitionSet set;
  for (std::size_t i = 0; i < bits.size() * 8 && i < limits::kPartitions; ++i) {
    set[i] = (static_cast<unsigned char>(bits[i / 8]) >> (i % 8) & 1) != 0;
  }
  return set;
}

}  // namespace mydht::store
