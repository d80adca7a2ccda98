#include "server/wire/gossip.h"

#include "common/result/limits.h"

namespace mydht::wire {
namespace {

constexpr std::size_t kProgramVersionBytes = 64;
// A bit for each member of all versions that can be active at once.
constexpr std::size_t kMemberBitsBytes = limits::kMembers * ring::kMostActiveVersions / 8;

void writeUpkeep(Writer& out, const Upkeep& upkeep) {
  out.number(upkeep.diskTotal).number(upkeep.diskFree).number(upkeep.diskReserve);
  out.number(upkeep.scrubbedSeconds).number(upkeep.findings).number(upkeep.damaged).number(upkeep.damagedTables);
  out.number(upkeep.tombstones);
  out.number(static_cast<std::uint32_t>(upkeep.kept.size()));
  for (const Kept& kept : upkeep.kept) {
    out.number(kept.member).number(kept.hints).number<std::uint8_t>(kept.tombstones ? 1 : 0);
  }
}

Upkeep readUpkeep(Reader& in) {
  Upkeep upkeep;
  in.number(upkeep.diskTotal);
  in.number(upkeep.diskFree);
  in.number(upkeep.diskReserve);
  in.number(upkeep.scrubbedSeconds);
  in.number(upkeep.findings);
  in.number(upkeep.damaged);
  in.number(upkeep.damagedTables);
  in.number(upkeep.tombstones);
  const std::size_t count = in.count(17);
  if (count > kMostKept) in.fail();
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Kept kept;
    in.number(kept.member);
    in.number(kept.hints);
    kept.tombstones = in.flag();
    upkeep.kept.push_back(kept);
  }
  return upkeep;
}

}  // namespace

void Gossip::write(Writer& out) const {
  out.number(static_cast<std::uint32_t>(addresses.size()));
  for (const Address& address : addresses) out.number(address.node).number(address.boot).text(address.hostPort);
  out.name(filledIn).text(filled).number<std::uint8_t>(whole ? 1 : 0).text(wholeMembers);
  out.number(summary.keys).number(summary.bytes).number(summary.toFill).number(summary.uptimeSeconds);
  out.text(summary.programVersion);
  const Move& move = summary.move;
  out.number(move.partitions).number(move.done).number(move.bytes).number(move.bytesPerSecond).number(move.secondsLeft);
  const Agreement& agreement = summary.agreement;
  out.number(agreement.table).number(agreement.lacking).number(agreement.differing).number(agreement.uncompared);
  out.number(agreement.seconds).number(agreement.comparedSecondsAgo);
  out.number(static_cast<std::uint8_t>(summary.disk));
  writeUpkeep(out, summary.upkeep);
}

Gossip Gossip::read(Reader& in) {
  Gossip message;
  const std::size_t addresses = in.count(16);
  for (std::size_t i = 0; i < addresses && in.ok(); ++i) {
    Address address;
    in.number(address.node);
    in.number(address.boot);
    address.hostPort = in.text(kHostPortBytes);
    message.addresses.push_back(std::move(address));
  }
  message.filledIn = in.name();
  message.filled = in.partitionBits();
  message.whole = in.flag();
  message.wholeMembers = in.text(kMemberBitsBytes);
  in.number(message.summary.keys);
  in.number(message.summary.bytes);
  in.number(message.summary.toFill);
  in.number(message.summary.uptimeSeconds);
  message.summary.programVersion = in.text(kProgramVersionBytes);
  Move& move = message.summary.move;
  in.number(move.partitions);
  in.number(move.done);
  in.number(move.bytes);
  in.number(move.bytesPerSecond);
  in.number(move.secondsLeft);
  Agreement& agreement = message.summary.agreement;
  in.number(agreement.table);
  in.number(agreement.lacking);
  in.number(agreement.differing);
  in.number(agreement.uncompared);
  in.number(agreement.seconds);
  in.number(agreement.comparedSecondsAgo);
  const auto disk = in.number<std::uint8_t>();
  if (disk > static_cast<std::uint8_t>(DiskState::Failed)) in.fail();
  message.summary.disk = static_cast<DiskState>(disk);
  message.summary.upkeep = readUpkeep(in);
  return message;
}

}  // namespace mydht::wire
