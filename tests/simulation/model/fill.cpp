#include "tests/simulation/model/fill.h"

#include <algorithm>

#include "tests/simulation/model/home.h"

namespace mydht::model {

namespace {

/// Reads that wait for one fill, at most: the others are asked again by their coordinators.
constexpr std::size_t kWaiting = 4;

unsigned keysOf(const World& world, unsigned partition) {
  unsigned keys = 0;
  for (unsigned key = 0; key < world.keys; ++key) {
    if (world.partitionOf(key) == partition) keys |= 1u << key;
  }
  return keys;
}

void begin(World& world, NodeId id, unsigned partition, unsigned keys) {
  Node& node = world.node(id);
  Fill& fill = node.fill;
  fill.active = true;
  ++fill.number;
  fill.partition = partition;
  fill.keys = keys;
  fill.base = node.kept.view;
  fill.answered = fill.answeredFilled = 0;
  fill.sources.clear();
  fill.waiting.clear();
}

void ask(World& world, NodeId id) {
  const Fill& fill = world.node(id).fill;
  const Nodes homes = world.rings.homes(fill.base, fill.partition);
  for (NodeId home = 1; home <= world.lastNode; ++home) {
    if (home == id || !holds(homes, home) || holds(fill.answered, home)) continue;
    Message request;
    request.kind = MessageKind::FillRead;
    request.from = static_cast<std::uint8_t>(id);
    request.to = static_cast<std::uint8_t>(home);
    request.partition = static_cast<std::uint8_t>(fill.partition);
    request.attempt = fill.number;
    request.view = fill.base;
    world.send(request);
  }
}

/// Whether enough sources have answered: filled ones for the complete version; and, since a coordinator that knows a
/// middle version to be complete asks nobody else, a quorum of each version between, filled or not: they all adopted
/// the newest before they were read, so that such a coordinator is refused from then on.
bool enough(const World& world, NodeId id, const Fill& fill) {
  if (world.has(Bug::FillFromOne)) return fill.answeredFilled != 0;
  if (!world.rings.quorumIn(fill.base.complete, fill.partition, fill.answeredFilled)) return false;
  if (world.has(Bug::FillFromCompleteOnly)) return true;
  for (unsigned version = fill.base.complete + 1u; version < fill.base.newest; ++version) {
    if (!world.rings.quorumIn(static_cast<RingRef>(version), fill.partition, fill.answered | bitOf(id))) return false;
  }
  return true;
}

/// The newest of what the sources and the node itself have, by the rule of votes. What an unfilled node has itself is a
/// copy like any other, whatever its mark says: the mark may have come with the fill of another key of the partition.
EntryRef newestFor(const World& world, const Node& node, unsigned key) {
  std::array<Vote, kNodes> votes;
  std::size_t count = 0;
  const auto add = [&](EntryRef entry, const Version& settled) {
    votes[count++] = {entry == 0 ? nullptr : &world.entry(entry), settled};
  };
  for (const Fill::Source& source : node.fill.sources) add(source.entries[key], source.marks.settled);
  add(node.kept.entry[key], Version{});
  const Entry* newest = newestOfVotes({votes.data(), count});
  return newest == nullptr ? EntryRef{0} : static_cast<EntryRef>(newest - world.entries.data());
}

void finish(World& world, NodeId id) {
  Node& node = world.node(id);
  Fill& fill = node.fill;
  for (unsigned key = 0; key < world.keys; ++key) {
    if ((fill.keys >> key & 1u) == 0) continue;
    node.kept.entry[key] = newestFor(world, node, key);
    node.kept.filledFor[key] = static_cast<RingRef>(fill.base.newest + 1);
  }
  if (!world.has(Bug::MarksStayBehind)) {
    Marks& marks = node.kept.marks[fill.partition];
    for (const Fill::Source& source : fill.sources) marks = mergeMarks(marks, source.marks);
  }
  world.sync(id, Bug::None);
  fill.active = false;
  ++world.coverage.fills;
  world.coverage.fillsForOneVote += fill.waiting.empty() ? 0u : 1u;
  world.say("node {} has filled partition {} for versions {}..{}", id, fill.partition, fill.base.complete,
            fill.base.newest);
  for (const Message& read : fill.waiting) world.send(read);
  fill.waiting.clear();
}

}  // namespace

void fillPartition(World& world, NodeId id, unsigned partition) {
  Node& node = world.node(id);
  if (!world.rings.isHome(node.kept.view, id, partition) || world.filledForNewest(node, partition)) return;
  if (!node.fill.active || node.fill.partition != partition) begin(world, id, partition, keysOf(world, partition));
  ask(world, id);
}

void fillForVote(World& world, const Message& read) {
  Node& node = world.node(read.to);
  if (!node.fill.active) begin(world, read.to, read.partition, 1u << read.key);
  if (node.fill.partition != read.partition || (node.fill.keys >> read.key & 1u) == 0) return;
  if (node.fill.waiting.size() < kWaiting) node.fill.waiting.push_back(read);
  ask(world, read.to);
}

void onFillRead(World& world, const Message& request) {
  if (!world.has(Bug::FillBeforeAdoption)) adopt(world, request.to, request.view);
  const Node& node = world.node(request.to);
  const View& mine = node.kept.view;
  if (mine.newest > request.view.newest || mine.complete > request.view.complete) {
    return world.send(answerTo(world, request, MessageKind::FillAnswer, Answer::OlderView));
  }
  if (!world.rings.isHome(mine, request.to, request.partition)) {
    return world.send(answerTo(world, request, MessageKind::FillAnswer, Answer::CannotSay));
  }
  Message reply = answerTo(world, request, MessageKind::FillAnswer, Answer::Ok);
  reply.entries = node.kept.entry;
  reply.filled = true;
  for (unsigned key = 0; key < world.keys; ++key) {
    if (world.partitionOf(key) == request.partition && !world.mayVote(node, key)) reply.filled = false;
  }
  world.send(reply);
}

void onFillAnswer(World& world, const Message& answer) {
  Node& node = world.node(answer.to);
  Fill& fill = node.fill;
  if (answer.answer == Answer::OlderView) adopt(world, answer.to, answer.view);
  if (!fill.active || fill.number != answer.attempt || answer.answer != Answer::Ok ||
      holds(fill.answered, answer.from)) {
    return;
  }
  fill.answered |= bitOf(answer.from);
  if (answer.filled) fill.answeredFilled |= bitOf(answer.from);
  fill.sources.push_back({answer.from, answer.entries, answer.marks});
  if (enough(world, answer.to, fill)) finish(world, answer.to);
}

}  // namespace mydht::model
