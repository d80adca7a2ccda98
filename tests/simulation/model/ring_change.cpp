#include "tests/simulation/model/ring_change.h"

#include <algorithm>
#include <utility>

#include "common/ring/quorum.h"
#include "common/ring/view.h"
#include "tests/simulation/model/checkers.h"
#include "tests/simulation/model/home.h"

namespace mydht::model {

namespace {

/// What the node knows of itself goes in with what it was told.
void noteFilled(World& world, NodeId id) {
  Node& node = world.node(id);
  const RingRef newest = node.kept.view.newest;
  for (unsigned partition = 0; partition < world.partitions; ++partition) {
    if (world.rings.isHome(newest, id, partition) && world.filledForNewest(node, partition)) {
      node.kept.facts[newest][partition] |= bitOf(id);
    }
  }
}

/// Whether the partition's homes changed on the way from the complete version to this one, also if they changed back.
bool changed(const World& world, RingRef complete, RingRef version, unsigned partition) {
  if (world.has(Bug::ChangedAgainstCompleteOnly)) return !world.rings.sameHomes(complete, version, partition);
  for (unsigned between = complete + 1u; between <= version; ++between) {
    if (!world.rings.sameHomes(complete, static_cast<RingRef>(between), partition)) return true;
  }
  return false;
}

bool isFilled(const World& world, const Node& node, RingRef version) {
  for (unsigned partition = 0; partition < world.partitions; ++partition) {
    if (!changed(world, node.kept.view.complete, version, partition)) continue;
    const Nodes filled = node.kept.facts[version][partition];
    if (world.has(Bug::CompleteBeforeFilled) && (filled & world.rings[version].homes[partition].mask) != 0) continue;
    if (!world.rings.quorumIn(version, partition, filled)) return false;
  }
  return true;
}

}  // namespace

bool agree(World& world, NodeId initiator, const ring::MemberList& wanted, std::uint64_t salt) {
  const View view = world.node(initiator).kept.view;
  if (world.rings.full() || view.newest != world.rings.last()) return false;
  if (view.newest - view.complete + 2u > ring::kActiveVersions) return false;
  Nodes up = 0;
  for (NodeId id = 1; id <= world.lastNode; ++id) {
    if (world.node(id).up) up |= bitOf(id);
  }
  if (!world.rings.majorityInEach(view, up)) return false;
  if (ring::contains(world.rings[view.newest].list, wanted)) return false;
  const RingRef next = world.rings.add(wanted, salt);
  ++world.coverage.versionsAgreed;
  world.say("version {} agreed: members {:b}, homes {:b} and {:b}", next, world.rings[next].present,
            world.rings[next].homes[0].mask, world.rings[next].homes[1].mask);
  adopt(world, initiator, {view.complete, next});
  return true;
}

ring::MemberList withJoiner(const World& world, NodeId joiner) {
  ring::MemberList list = world.rings[world.rings.last()].list;
  ring::Member member;
  member.id = member.tokenSeed = joiner;
  const NodeId replaced = world.nodes[joiner].replaces;
  if (const ring::Member* old = replaced == 0 ? nullptr : list.find(replaced)) {
    member.tokenSeed = old->tokenSeed;
    ring::Member gone = *old;
    gone.rank = ring::Rank::Removed;
    ++gone.number;
    list.put(gone);
  }
  list.put(member);
  return list;
}

ring::MemberList without(const World& world, NodeId id, ring::Rank rank) {
  ring::MemberList list = world.rings[world.rings.last()].list;
  if (const ring::Member* found = list.find(id)) {
    ring::Member gone = *found;
    gone.rank = rank;
    ++gone.number;
    list.put(gone);
  }
  return list;
}

bool mayRemove(const World& world, const View& view, NodeId member) {
  Nodes filled = 0;
  for (unsigned partition = 0; partition < world.partitions; ++partition) {
    for (NodeId id = 1; id <= world.lastNode; ++id) {
      const Node& node = world.nodes[id];
      bool votes = node.exists && id != member;
      for (unsigned key = 0; key < world.keys; ++key) {
        votes = votes && (world.partitionOf(key) != partition || world.mayVote(node, key));
      }
      filled = votes ? filled | bitOf(id) : filled & ~bitOf(id);
    }
    for (RingRef version = view.complete; version <= view.newest; ++version) {
      if (!world.rings.quorumIn(version, partition, filled)) return false;
    }
  }
  return true;
}

void gossip(World& world, NodeId from, NodeId to) {
  noteFilled(world, from);
  const Kept& kept = world.node(from).kept;
  Message message;
  message.kind = MessageKind::Gossip;
  message.from = static_cast<std::uint8_t>(from);
  message.to = static_cast<std::uint8_t>(to);
  message.view = kept.view;
  message.facts = kept.facts[kept.view.newest];
  world.send(message);
}

void onGossip(World& world, const Message& message) {
  adopt(world, message.to, message.view);
  Kept& kept = world.node(message.to).kept;
  for (unsigned partition = 0; partition < world.partitions; ++partition) {
    kept.facts[message.view.newest][partition] |= message.facts[partition];
  }
}

void tryToComplete(World& world, NodeId id) {
  Node& node = world.node(id);
  noteFilled(world, id);
  for (RingRef version = node.kept.view.newest; version > node.kept.view.complete; --version) {
    if (!isFilled(world, node, version)) continue;
    if (node.completing.version != version) node.completing = {version, bitOf(id)};
    for (NodeId member = 1; member <= world.lastNode; ++member) {
      if (!holds(world.rings[version].present, member) || holds(node.completing.holders, member)) continue;
      Message request;
      request.kind = MessageKind::Hold;
      request.from = static_cast<std::uint8_t>(id);
      request.to = static_cast<std::uint8_t>(member);
      request.view = node.kept.view;
      request.version = version;
      request.facts = node.kept.facts[version];
      world.send(request);
    }
    onHoldAnswer(world, Message{.to = static_cast<std::uint8_t>(id), .version = version});
    return;
  }
}

void onHold(World& world, const Message& request) {
  adopt(world, request.to, request.view);
  Kept& kept = world.node(request.to).kept;
  for (unsigned partition = 0; partition < world.partitions; ++partition) {
    kept.facts[request.version][partition] |= request.facts[partition];
  }
  Message answer = answerTo(world, request, MessageKind::HoldAnswer, Answer::Ok);
  answer.version = request.version;
  world.send(answer);
}

void onHoldAnswer(World& world, const Message& answer) {
  Node& node = world.node(answer.to);
  if (node.completing.version != answer.version || answer.version <= node.kept.view.complete) return;
  if (answer.from != 0) node.completing.holders |= bitOf(answer.from);
  const Nodes members = world.rings[answer.version].present;
  const auto count = [](Nodes some) { return static_cast<unsigned>(__builtin_popcount(some)); };
  if (count(members & node.completing.holders) < ring::quorumOf(count(members))) return;
  if (answer.version > world.complete) {
    world.complete = answer.version;
    checkCompletion(world, answer.version);
    ++world.coverage.versionsCompleted;
  }
  world.say("node {} finds version {} complete", answer.to, answer.version);
  adopt(world, answer.to, {answer.version, node.kept.view.newest});
}

}  // namespace mydht::model
