#include "tests/simulation/model/coordinator.h"

#include <algorithm>

#include "common/ring/quorum.h"
#include "tests/simulation/model/checkers.h"
#include "tests/simulation/model/home.h"

namespace mydht::model {

namespace {

/// Refusals that one operation survives; a client would have given up by then.
constexpr unsigned kRestarts = 6;

bool isWrite(const Operation& operation) {
  return operation.kind == OperationKind::Put || operation.kind == OperationKind::Del;
}

/// R3, with the bugs that take less.
bool enough(const World& world, const Operation& operation, Nodes nodes) {
  const unsigned partition = world.partitionOf(operation.key);
  const View& view = operation.view;
  if (world.has(Bug::QuorumOfUnion)) {
    const Nodes homes = world.rings.homes(view, partition);
    const auto count = [](Nodes some) { return static_cast<unsigned>(__builtin_popcount(some)); };
    return count(homes & nodes) >= ring::quorumOf(count(homes));
  }
  if (world.has(Bug::OldAndNewOnlyOfThree)) {
    return world.rings.quorumIn(view.complete, partition, nodes) && world.rings.quorumIn(view.newest, partition, nodes);
  }
  return world.rings.quorumInEach(view, partition, nodes);
}

EntryRef makeEntry(World& world, Operation& operation) {
  Entry entry;
  entry.version = world.versionNow(operation.coordinator);
  entry.tombstone = operation.kind == OperationKind::Del;
  entry.size = entry.tombstone ? 0 : 1;
  entry.sha256[0] = static_cast<std::uint8_t>(operation.number);
  world.entries.push_back(std::move(entry));
  world.writers.push_back(operation.number);
  ++operation.versions;
  return static_cast<EntryRef>(world.entries.size() - 1);
}

void sendTo(World& world, const Operation& operation, NodeId home, MessageKind kind, const Version& settled) {
  Message request;
  request.kind = kind;
  request.from = operation.coordinator;
  request.to = static_cast<std::uint8_t>(home);
  request.key = operation.key;
  request.partition = static_cast<std::uint8_t>(world.partitionOf(operation.key));
  request.operation = operation.number;
  request.attempt = operation.attempt;
  request.view = operation.view;
  request.entry = operation.entry;
  request.settled = settled;
  world.send(request);
}

/// The mark of a filled home that voted for what is being written back.
Version settledOf(const Operation& operation) {
  Version settled;
  for (const Operation::Vote& vote : operation.votes) {
    if (vote.entry == operation.entry) settled = std::max(settled, vote.settled);
  }
  return settled;
}

void sendToMissing(World& world, const Operation& operation) {
  const Nodes homes = world.rings.homes(operation.view, world.partitionOf(operation.key));
  const MessageKind kind = operation.phase == Phase::Reading   ? MessageKind::Read
                           : operation.phase == Phase::Writing ? MessageKind::Write
                                                               : MessageKind::Copy;
  const Version settled = kind == MessageKind::Copy ? settledOf(operation) : Version{};
  for (NodeId home = 1; home <= world.lastNode; ++home) {
    if (holds(homes, home) && !holds(operation.answered, home)) sendTo(world, operation, home, kind, settled);
  }
}

/// One more attempt with the coordinator's view: answers to former ones do not count.
void sendAll(World& world, Operation& operation, Phase phase) {
  operation.phase = phase;
  ++operation.attempt;
  operation.answered = operation.newer = 0;
  operation.view = world.node(operation.coordinator).kept.view;
  if (phase == Phase::Reading) operation.votes.fill({});
  if (phase == Phase::Writing) ++operation.rounds;
  sendToMissing(world, operation);
}

void end(World& world, Operation& operation, Outcome outcome) {
  operation.phase = Phase::Over;
  operation.outcome = outcome;
  operation.end = world.step;
  world.say("operation {} ends: {}", operation.number,
            outcome == Outcome::Success   ? "success"
            : outcome == Outcome::Unknown ? "unknown"
                                          : "failed");
}

/// A refusal starts anew (R4, R12): a write from round one, a get from its votes.
void startAnew(World& world, Operation& operation) {
  if (++operation.restarts > kRestarts) return giveUp(world, operation);
  operation.round = 1;
  operation.rounds = 0;
  if (operation.kind == OperationKind::HandOver) {
    sendAll(world, operation, Phase::WritingBack);
  } else {
    sendAll(world, operation, isWrite(operation) ? Phase::Writing : Phase::Reading);
  }
}

/// The operation that an answer belongs to, if it still waits for it.
Operation* waitingFor(World& world, const Message& answer, Phase phase) {
  if (answer.operation == 0) return nullptr;
  Operation& operation = world.operations[answer.operation];
  const Node& node = world.node(operation.coordinator);
  if (operation.phase != phase || operation.attempt != answer.attempt || !node.up || node.epoch != operation.epoch) {
    return nullptr;
  }
  return &operation;
}

void finishWrite(World& world, Operation& operation) {
  if (operation.rounds > 2)
    world.violated("C6", fmt::format("{} rounds of put {}", operation.rounds, operation.number));
  checkSyncedCopies(world, operation);
  ++world.coverage.writes;
  end(world, operation, Outcome::Success);
}

void finishRead(World& world, Operation& operation) {
  const unsigned active = operation.view.newest - operation.view.complete + 1u;
  world.coverage.readsWithTwoVersions += active == 2 ? 1u : 0u;
  world.coverage.readsWithThreeVersions += active == 3 ? 1u : 0u;
  ++world.coverage.reads;
  if (operation.entry != 0) operation.witness = world.entry(operation.entry).version;
  end(world, operation, Outcome::Success);
}

EntryRef newestVote(const World& world, const Operation& operation) {
  std::array<Vote, kNodes> votes;
  std::size_t count = 0;
  for (NodeId node = 1; node <= world.lastNode; ++node) {
    if (!holds(operation.answered, node)) continue;
    const Operation::Vote& vote = operation.votes[node];
    // ReapDuringGet: votes that do not say how far they are settled.
    const Version settled = world.has(Bug::ReapDuringGet) ? Version{} : vote.settled;
    votes[count++] = {vote.entry == 0 ? nullptr : &world.entry(vote.entry), settled};
  }
  const Entry* newest = newestOfVotes({votes.data(), count});
  return newest == nullptr ? EntryRef{0} : static_cast<EntryRef>(newest - world.entries.data());
}

/// R11: a quorum has voted. Answers at once if it agrees, else writes the newest back to a quorum first.
void decide(World& world, Operation& operation) {
  operation.entry = newestVote(world, operation);
  Nodes holders = 0;
  Version settled;
  for (NodeId node = 1; node <= world.lastNode; ++node) {
    if (!holds(operation.answered, node)) continue;
    if (operation.votes[node].entry == operation.entry) holders |= bitOf(node);
    settled = std::max(settled, operation.votes[node].settled);
  }
  world.say("get {} finds version of operation {} at {} of {} voters", operation.number, world.writers[operation.entry],
            __builtin_popcount(holders), __builtin_popcount(operation.answered));
  if (operation.entry == 0) operation.witness = settled;
  if (operation.entry == 0 || enough(world, operation, holders) || world.has(Bug::NoWriteBack)) {
    return finishRead(world, operation);
  }
  ++world.coverage.writeBacks;
  // Same attempt number: late votes are of another kind of message and are not taken for answers to the write-back.
  operation.phase = Phase::WritingBack;
  operation.answered = holders;
  sendToMissing(world, operation);
}

void finishHandOver(World& world, Operation& operation) {
  Node& node = world.node(operation.coordinator);
  end(world, operation, Outcome::Success);
  if (node.kept.entry[operation.key] != operation.entry || !(node.kept.view == operation.view)) return;
  checkRemoval(world, operation.key, operation.entry, operation.said, "purge");
  node.kept.entry[operation.key] = 0;
  node.kept.filledFor[operation.key] = 0;
  world.sync(operation.coordinator, Bug::None);
  ++world.coverage.purged;
  world.say("node {} purges key {}", operation.coordinator, operation.key);
}

/// R9: a quorum has answered. Done, or one more round above everything that was met.
void decideWrite(World& world, Operation& operation) {
  if (operation.newer == 0 || operation.round == 2 || world.has(Bug::NoSecondRound))
    return finishWrite(world, operation);
  operation.round = 2;
  ++world.coverage.secondRounds;
  operation.entry = makeEntry(world, operation);
  world.say("put {} goes into its second round", operation.number);
  sendAll(world, operation, Phase::Writing);
}

}  // namespace

std::uint16_t begin(World& world, OperationKind kind, unsigned key, NodeId coordinator) {
  const auto number = static_cast<std::uint16_t>(world.operations.size());
  Operation& operation = world.operations.emplace_back();
  operation.kind = kind;
  operation.key = static_cast<std::uint8_t>(key);
  operation.coordinator = static_cast<std::uint8_t>(coordinator);
  operation.epoch = world.node(coordinator).epoch;
  operation.number = number;
  operation.start = world.step;
  static constexpr std::array kNames{"put", "del", "get", "hand-over"};
  world.say("operation {}: {} of key {} by node {}", number, kNames[static_cast<std::size_t>(kind)], key, coordinator);
  if (isWrite(operation)) operation.entry = makeEntry(world, operation);
  if (kind == OperationKind::HandOver) operation.entry = world.node(coordinator).kept.entry[key];
  sendAll(world, operation,
          kind == OperationKind::HandOver ? Phase::WritingBack
          : isWrite(operation)            ? Phase::Writing
                                          : Phase::Reading);
  return number;
}

void resend(World& world, Operation& operation) {
  sendToMissing(world, operation);
}

void giveUp(World& world, Operation& operation) {
  ++world.coverage.unfinished;
  end(world, operation, isWrite(operation) ? Outcome::Unknown : Outcome::Failed);
}

void onReadAnswer(World& world, const Message& answer) {
  Operation* operation = waitingFor(world, answer, Phase::Reading);
  if (operation == nullptr) return;
  if (answer.answer == Answer::OlderView) {
    adopt(world, operation->coordinator, answer.view);
    return startAnew(world, *operation);
  }
  if (answer.answer != Answer::Ok) return;
  operation->answered |= bitOf(answer.from);
  operation->votes[answer.from] = {answer.entry, answer.marks.settled};
  if (enough(world, *operation, operation->answered)) decide(world, *operation);
}

void onWriteAnswer(World& world, const Message& answer) {
  Operation* operation = waitingFor(world, answer, Phase::Writing);
  if (operation == nullptr) return;
  HybridClock& clock = world.node(operation->coordinator).clock;
  switch (answer.answer) {
    case Answer::OlderView:
      adopt(world, operation->coordinator, answer.view);
      return startAnew(world, *operation);
    case Answer::Closed:
      clock.observe(answer.marks.closed);
      operation->entry = makeEntry(world, *operation);
      return startAnew(world, *operation);
    case Answer::TooFar:
      return giveUp(world, *operation);
    case Answer::Newer:
      clock.observe(world.entry(answer.entry).version);
      operation->newer |= bitOf(answer.from);
      break;
    case Answer::Ok:
      break;
    default:
      return;
  }
  operation->answered |= bitOf(answer.from);
  operation->said |= bitOf(answer.from);
  if (enough(world, *operation, operation->answered)) decideWrite(world, *operation);
}

void onCopyAnswer(World& world, const Message& answer) {
  Operation* operation = waitingFor(world, answer, Phase::WritingBack);
  if (operation == nullptr) return;
  if (answer.answer == Answer::OlderView) {
    adopt(world, operation->coordinator, answer.view);
    return startAnew(world, *operation);
  }
  if (answer.answer == Answer::CannotSay) return;
  // Settled without it: whoever voted for it was no home of all active versions any more. It was found, and it is not
  // so.
  if (answer.answer == Answer::Settled && operation->kind == OperationKind::Get &&
      !world.has(Bug::SettledCountsAsWrittenBack) && !world.has(Bug::ReapDuringGet)) {
    return startAnew(world, *operation);
  }
  // A purge counts filled homes alone: the others may be refilled from those that do not have it.
  if (operation->kind == OperationKind::HandOver && !answer.filled) return;
  operation->answered |= bitOf(answer.from);
  operation->said |= bitOf(answer.from);
  if (!enough(world, *operation, operation->answered) && !world.has(Bug::PurgeUnchecked)) return;
  operation->kind == OperationKind::HandOver ? finishHandOver(world, *operation) : finishRead(world, *operation);
}

}  // namespace mydht::model
