#include "client/commands/health.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "client/one_line.h"

namespace mydht::client::commands {
namespace {

using protocol::Agreement;
using protocol::MemberState;
using protocol::NodeStatus;
using protocol::RingStatus;

// What is being written reaches some home nodes first: for so long a difference means nothing.
constexpr std::uint64_t kSettledSeconds = 4;

std::string durationOf(std::uint64_t seconds) {
  constexpr std::uint64_t kMinute = 60;
  return seconds < 2 * kMinute ? fmt::format("{} s", seconds)
                               : fmt::format("{} min", (seconds + kMinute / 2) / kMinute);
}

bool isSilent(const NodeStatus& member) {
  return member.lastCallOk == false || member.liveness == protocol::Liveness::Down;
}

/// Of all members the worst, each number for itself.
Agreement worstOf(const RingStatus& ring) {
  Agreement worst;
  for (const NodeStatus& member : ring.members) {
    if (!member.agreement || isSilent(member)) continue;
    const Agreement& said = *member.agreement;
    worst.comparedSecondsAgo = std::max(worst.comparedSecondsAgo, said.comparedSecondsAgo);
    worst.lacking = std::max(worst.lacking, said.lacking);
    worst.uncompared = std::max(worst.uncompared, said.uncompared);
    if (said.seconds < kSettledSeconds) continue;
    worst.differing = std::max(worst.differing, said.differing);
    worst.seconds = std::max(worst.seconds, said.seconds);
  }
  return worst;
}

/// Who does not answer the asked node.
std::string silentNames(const RingStatus& ring) {
  std::string names;
  for (const NodeStatus& member : ring.members) {
    if (isSilent(member)) names += (names.empty() ? "" : ", ") + nameOf(member);
  }
  return names;
}

bool changes(const RingStatus& ring) {
  return ring.activeVersions > 1 || std::any_of(ring.members.begin(), ring.members.end(), [](const NodeStatus& member) {
           return member.toFill.value_or(0) > 0 || member.state != MemberState::Active;
         });
}

/// What is not as it should be of copies; empty if every key has all of them.
std::string missingCopies(const RingStatus& ring) {
  if (const std::string silent = silentNames(ring); !silent.empty()) {
    return fmt::format("no answer from {}: keys that live there lack a copy until it is back or removed", silent);
  }
  if (changes(ring)) return "the ring is changing: copies are on their way to their new homes";
  const Agreement worst = worstOf(ring);
  if (worst.lacking > 0) return "some node gets no answer from another: keys that live there may lack a copy";
  if (worst.differing > 0) {
    return fmt::format("{} partitions differ between home nodes, {} so far: some keys lack a copy, and are given it",
                       worst.differing, durationOf(worst.seconds));
  }
  if (worst.uncompared > 0) {
    return fmt::format("{} partitions are being compared, since a node was away or is new: some keys may lack a copy",
                       worst.uncompared);
  }
  if (ring.copies < ring.replicas) {
    return fmt::format("every key has {} of the {} copies that you want: there are not more nodes", ring.copies,
                       ring.replicas);
  }
  return {};
}

/// Whose disk takes no values, or will soon; empty: nobody's.
std::string badDisk(const RingStatus& ring) {
  for (const NodeStatus& member : ring.members) {
    if (member.disk == "failed")
      return fmt::format("the disk of {} has failed: nothing is stored there until it is started again",
                         nameOf(member));
    if (member.disk == "full")
      return fmt::format("the disk of {} is full: puts do without it, or are refused", nameOf(member));
    if (member.diskUse && member.diskUse->damagedTables > 0) {
      return fmt::format("the database of {} is damaged: start it with an empty data directory and -s", nameOf(member));
    }
  }
  return {};
}

/// What else is wrong with a member that answers; empty: nothing.
std::string wrongWith(const RingStatus& ring) {
  for (const NodeStatus& member : ring.members) {
    if (member.fingerprint && *member.fingerprint != ring.fingerprint)
      return nameOf(member) + " has another table of the ring: views agree within seconds, or the programs differ";
    if (member.clockOff) return nameOf(member) + "'s clock is off: set it";
    if (member.diskUse && member.diskUse->waiting > 0) {
      return fmt::format("{} damaged values wait on the disk of {} for another home node that has them",
                         member.diskUse->waiting, nameOf(member));
    }
  }
  return {};
}

}  // namespace

std::string nameOf(const NodeStatus& member) {
  return member.name.empty() ? fmt::format("({:016x})", member.id) : oneLine(member.name);
}

Health healthOf(const RingStatus& ring) {
  if (!ring.trouble.empty()) return {false, "this node does not serve as it should: " + oneLine(ring.trouble)};
  if (std::string bad = badDisk(ring); !bad.empty()) return {false, std::move(bad)};
  if (std::string missing = missingCopies(ring); !missing.empty()) return {false, std::move(missing)};
  if (std::string wrong = wrongWith(ring); !wrong.empty()) return {false, std::move(wrong)};
  return {true, fmt::format("every key has all its copies ({}), compared within the last {}", ring.copies,
                            durationOf(worstOf(ring).comparedSecondsAgo + 1))};
}

std::string copiesText(const NodeStatus& member) {
  if (!member.agreement || isSilent(member)) return {};
  const Agreement& said = *member.agreement;
  const std::string since = durationOf(said.seconds);
  if (said.lacking > 0) return fmt::format("{} partitions lack one, {} so far", said.lacking, since);
  if (said.differing > 0 && said.seconds >= kSettledSeconds) {
    return fmt::format("{} partitions differ, {} so far", said.differing, since);
  }
  if (said.uncompared > 0) return fmt::format("{} partitions to compare, {} so far", said.uncompared, since);
  return "equal";
}

}  // namespace mydht::client::commands
