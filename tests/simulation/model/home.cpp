#include "tests/simulation/model/home.h"

#include <algorithm>

#include "tests/simulation/model/fill.h"

namespace mydht::model {

namespace {

/// Adopts what is newer there, then says whether the sender must be refused for what is newer here (R4).
bool mustRefuse(World& world, const Message& request) {
  adopt(world, request.to, request.view);
  if (world.has(Bug::NoRefusal)) return false;
  const bool refused = world.rings.changesSince(world.node(request.to).kept.view, request.view, request.partition);
  if (refused) ++world.coverage.refusals;
  return refused;
}

bool isHome(const World& world, const Node& node, NodeId id, unsigned partition) {
  return world.rings.isHome(node.kept.view, id, partition);
}

/// R9's and R12's reasons not to take a client's write, or Ok.
Answer refusalOf(World& world, const Node& node, const Message& request) {
  const Version& written = world.entry(request.entry).version;
  const Marks& marks = node.kept.marks[request.partition];
  if (!world.has(Bug::NoClosedMark) && !mayTakeClientWrite(written, marks.closed)) {
    ++world.coverage.refusedByClosed;
    return Answer::Closed;
  }
  const EntryRef held = node.kept.entry[request.key];
  const Version stored = held == 0 ? Version{} : world.entry(held).version;
  if (isTooFarAhead(written, world.nowMicros + node.skewMicros, stored, marks.closed)) {
    ++world.coverage.refusedByFuture;
    return Answer::TooFar;
  }
  return Answer::Ok;
}

bool sameTime(const Version& a, const Version& b) {
  return a.physicalMicros == b.physicalMicros && a.counter == b.counter;
}

}  // namespace

Message answerTo(World& world, const Message& request, MessageKind kind, Answer answer) {
  Message reply;
  reply.kind = kind;
  reply.from = request.to;
  reply.to = request.from;
  reply.key = request.key;
  reply.partition = request.partition;
  reply.operation = request.operation;
  reply.attempt = request.attempt;
  reply.answer = answer;
  reply.view = world.node(request.to).kept.view;
  reply.marks = world.node(request.to).kept.marks[request.partition];
  reply.filled = world.filledForNewest(world.node(request.to), request.partition);
  return reply;
}

void adopt(World& world, NodeId id, const View& view) {
  Node& node = world.node(id);
  const View before = node.kept.view;
  const View after = mergeViews(before, view);
  if (after == before) return;
  node.kept.view = after;
  // A home of every version since it was last filled misses nothing that a quorum of each has: it stays filled.
  for (unsigned key = 0; key < world.keys; ++key) {
    RingRef& filledFor = node.kept.filledFor[key];
    const unsigned partition = world.partitionOf(key);
    if (world.has(Bug::StayedIsAlwaysFilled) && filledFor > before.complete &&
        world.rings.isHome(after.newest, id, partition)) {
      filledFor = static_cast<RingRef>(after.newest + 1);
    }
    while (filledFor != 0 && filledFor <= after.newest && world.rings.isHome(filledFor, id, partition) &&
           world.rings.isHome(static_cast<RingRef>(filledFor - 1), id, partition)) {
      ++filledFor;
    }
  }
  node.fill.active = false;
  node.settling.phase = Settling::Phase::None;
  world.sync(id, Bug::AdoptionNotSynced);
  world.say("node {} adopts versions {}..{}", id, after.complete, after.newest);
}

Answer offer(World& world, NodeId id, unsigned key, EntryRef entry, const Version& senderSettled, bool client) {
  Node& node = world.node(id);
  EntryRef& held = node.kept.entry[key];
  if (held == entry) return Answer::Ok;
  if (world.has(Bug::TieByArrival) && held != 0 && sameTime(world.entry(held).version, world.entry(entry).version)) {
    return Answer::Ok;
  }
  if (held != 0 && !supersedes(world.entry(entry), world.entry(held))) return Answer::Newer;
  const Version& settled = node.kept.marks[world.partitionOf(key)].settled;
  if (!client && !world.has(Bug::NoSettledMark) && !mayTakeCopy(world.entry(entry).version, senderSettled, settled)) {
    ++world.coverage.refusedBySettled;
    return Answer::Settled;
  }
  held = entry;
  world.sync(id, Bug::AnswerBeforeSync);
  return Answer::Ok;
}

void onWrite(World& world, const Message& request) {
  if (mustRefuse(world, request)) {
    return world.send(answerTo(world, request, MessageKind::WriteAnswer, Answer::OlderView));
  }
  const Node& node = world.node(request.to);
  if (!isHome(world, node, request.to, request.partition)) {
    return world.send(answerTo(world, request, MessageKind::WriteAnswer, Answer::CannotSay));
  }
  Answer answer = refusalOf(world, node, request);
  if (answer == Answer::Ok) answer = offer(world, request.to, request.key, request.entry, Version{}, true);
  Message reply = answerTo(world, request, MessageKind::WriteAnswer, answer);
  reply.entry = node.kept.entry[request.key];
  world.send(reply);
}

void onRead(World& world, const Message& request) {
  if (mustRefuse(world, request)) {
    return world.send(answerTo(world, request, MessageKind::ReadAnswer, Answer::OlderView));
  }
  const Node& node = world.node(request.to);
  if (!isHome(world, node, request.to, request.partition)) {
    return world.send(answerTo(world, request, MessageKind::ReadAnswer, Answer::CannotSay));
  }
  if (!world.mayVote(node, request.key) && !world.has(Bug::VoteWhileUnfilled)) {
    fillForVote(world, request);
    return;
  }
  Message reply = answerTo(world, request, MessageKind::ReadAnswer, Answer::Ok);
  reply.entry = node.kept.entry[request.key];
  // C5, as a fact about the vote and not about the rule: nobody says none of what it never filled.
  if (reply.entry == 0 && !world.mayVote(node, request.key)) {
    world.violated("C5", fmt::format("node {} voted none for a key that it had not filled", request.to));
  }
  world.send(reply);
}

void onCopy(World& world, const Message& request) {
  if (mustRefuse(world, request)) {
    return world.send(answerTo(world, request, MessageKind::CopyAnswer, Answer::OlderView));
  }
  const Node& node = world.node(request.to);
  if (!isHome(world, node, request.to, request.partition)) {
    return world.send(answerTo(world, request, MessageKind::CopyAnswer, Answer::CannotSay));
  }
  const Answer answer = offer(world, request.to, request.key, request.entry, request.settled, false);
  world.send(answerTo(world, request, MessageKind::CopyAnswer, answer));
}

}  // namespace mydht::model
