#include <fmt/format.h>

#include <algorithm>

#include "server/cluster/backed_blob.h"
#include "server/cluster/coordinator.h"
#include "server/cluster/remote_body.h"

namespace mydht::cluster {
namespace {

// A view that changes under an operation is seen at once; this only keeps a fault from spinning.
constexpr Duration kBeginAgain = std::chrono::milliseconds(5);
// Bringing a large value to a home node that lacks it goes on behind the answer for at most this long.
constexpr Duration kRepairPatience = std::chrono::minutes(10);

/// Who has what was located has failed since: that is no word about the key, and by now another one may have it.
Error toLocateAgain(const Error& error) {
  const bool failed = error.kind == Kind::Unknown || error.kind == Kind::Unavailable;
  return {failed ? Kind::Conflict : error.kind, error.text};
}

}  // namespace

Coordinator::Coordinator(Executor& executor, const Settings& settings, Membership& membership, Peers& peers,
                         HomeNode& home, Handoff& handoff, NodeClock& clock, Random& random, Journal& journal)
    : executor_(executor),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      home_(home),
      handoff_(handoff),
      clock_(clock),
      random_(random),
      journal_(journal),
      background_(executor) {}

Task<> Coordinator::stop() {
  return background_.close();
}

std::string Coordinator::names(const std::vector<NodeId>& nodes) const {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : ", ") + peers_.nameOf(node);
  return text;
}

std::optional<Result<Located>> Coordinator::locateAtHand(std::string_view key) {
  auto row = home_.copyAtHand(key);
  if (!row) return std::nullopt;
  if (!*row || (*row)->entry.tombstone) return Result<Located>(Error{Kind::NotFound, "no such key"});
  return Result<Located>(Located{(*row)->entry, *row, {}, std::nullopt});
}

Task<Result<Located>> Coordinator::locate(Key key, Consistency consistency, bool wantBody, Deadline deadline) {
  while (true) {
    const ring::ViewPtr view = membership_.view();
    if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
    ReadOrder order{key, consistency, wantBody, false};
    const auto round = std::make_shared<ReadRound>(executor_, settings_, peers_, home_, membership_.self().node, view,
                                                   std::move(order));
    auto voted = co_await round->run(background_, deadline);
    Result<Located> located = Error{Kind::OlderRing, "the ring has changed since"};
    if (voted) {
      auto judged = co_await judge(round, deadline);
      located = std::move(judged);
    } else {
      located = voted.error();
    }
    // Conflict: what was found has been replaced before it could be fetched, or who has it has failed.
    const bool again = !located && (located.error().kind == Kind::OlderRing || located.error().kind == Kind::Conflict);
    if (!again) co_return located;
    if (executor_.now() >= deadline) co_return Error{Kind::Unavailable, located.error().text + "; try again"};
    co_await sleepUntil(executor_.now() + kBeginAgain);
  }
}

Task<Result<Located>> Coordinator::judge(std::shared_ptr<ReadRound> round, Deadline deadline) {
  const std::optional<Entry> newest = round->newest();
  if (!newest) co_return Error{Kind::NotFound, "no such key"};
  Located located;
  located.entry = *newest;
  const std::set<NodeId> holders = round->holders(*newest);
  for (const NodeId node : holders) {
    HomeVote& vote = round->votes().at(node);
    if (vote.local) {
      located.local = vote.local;
    } else {
      located.holders.push_back(node);
    }
    if (vote.value) {
      located.whole = std::move(vote.value);
      std::swap(located.holders.front(), located.holders.back());
    }
  }
  if (!round->enough(holders) && !settings_.bugs.noWriteBack) {
    auto written = co_await writeBack(round, located, deadline);
    if (!written) co_return written.error();
  }
  if (newest->tombstone) co_return Error{Kind::NotFound, "no such key"};
  co_return located;
}

/// What a get that met different versions brings up to date before it answers.
struct Coordinator::WriteBack {
  explicit WriteBack(Executor& executor) : changed(executor) {}
  ring::ViewPtr view;
  Entry entry;
  std::optional<Bytes> value;  ///< a small value; a large one is fetched by the node that lacks it
  NodeId source = 0;
  Version settled;
  std::set<NodeId> holding;
  unsigned running = 0;
  bool olderRing = false;
  Time giveUp{};
  Signal changed;
};

Task<Status> Coordinator::writeBack(std::shared_ptr<ReadRound> round, Located& located, Deadline deadline) {
  writeBacks_.fetch_add(1, std::memory_order_relaxed);
  const auto back = std::make_shared<WriteBack>(executor_);
  back->view = round->viewPtr();
  back->entry = located.entry;
  back->source = located.local ? membership_.self().node : located.holders.front();
  back->holding = round->holders(located.entry);
  back->giveUp = deadline;
  for (const NodeId node : back->holding) back->settled = std::max(back->settled, round->votes().at(node).settled);
  if (located.entry.tombstone || located.entry.size <= limits::kInlineBytes) {
    auto value = co_await smallValue(located, deadline);
    if (!value) co_return value.error();
    back->value = std::move(*value);
  } else {
    back->giveUp = executor_.now() + kRepairPatience;
  }
  std::set<NodeId> reachable = back->holding;
  const std::vector<NodeId> behind = missingHomes(*back->view, round->partition(), back->holding);
  const auto usable = [&](NodeId node) { return node == membership_.self().node || peers_.usable(node); };
  std::copy_if(behind.begin(), behind.end(), std::inserter(reachable, reachable.end()), usable);
  const bool usableDo = round->enough(reachable);
  for (const NodeId node : behind) {
    if (usableDo && !usable(node)) continue;
    ++back->running;
    background_.spawn(repair(back, node));
  }
  while (!round->enough(back->holding)) {
    if (back->olderRing) co_return Error{Kind::OlderRing, "the ring has changed since"};
    if (back->running == 0 || executor_.now() >= deadline) {
      const auto lacking = missingHomes(*back->view, round->partition(), back->holding);
      co_return Error{Kind::Unavailable,
                      fmt::format("the newest version is held by too few home nodes yet; missing: {}", names(lacking))};
    }
    co_await back->changed.waitUntil(deadline);
  }
  // Who holds it by now can go on with the body if the one that sends it fails.
  for (const NodeId node : back->holding) {
    const bool known = std::ranges::find(located.holders, node) != located.holders.end();
    if (!known && node != membership_.self().node) located.holders.push_back(node);
  }
  co_return Status();
}

Task<> Coordinator::repair(std::shared_ptr<WriteBack> back, NodeId node) {
  Status done;
  if (node == membership_.self().node) {
    auto repaired = co_await repairSelf(back);
    done = repaired;
  } else {
    auto repaired = co_await repairPeer(back, node);
    done = repaired;
  }
  --back->running;
  if (done) back->holding.insert(node);
  if (!done && done.error().kind == Kind::OlderRing) back->olderRing = true;
  back->changed.notifyAll();
}

Task<Status> Coordinator::repairPeer(std::shared_ptr<WriteBack> back, NodeId node) {
  if (back->value) {
    wire::Offer message{back->entry, wire::From::Repair, back->settled};
    const Deadline deadline = std::min(back->giveUp, executor_.now() + settings_.timing.call);
    auto answer = co_await peers_.ask(node, back->view, std::move(message), *back->value, deadline);
    if (!answer) co_return answer.error();
    if (answer->answer.outcome == wire::OfferOutcome::Settled)
      co_return Error{Kind::OlderRing, "settled beyond it meanwhile: begin again"};
    co_return Status();
  }
  wire::Repair message{back->entry, back->source};
  auto answer = co_await peers_.ask(node, back->view, std::move(message), Body(), back->giveUp);
  if (!answer) co_return answer.error();
  co_return Status();
}

Task<Status> Coordinator::repairSelf(std::shared_ptr<WriteBack> back) {
  const wire::Speaker speaker = peers_.speaker(back->view);
  if (back->value) {
    wire::Offer message{back->entry, wire::From::Repair, back->settled};
    auto answer = co_await home_.offer(speaker, std::move(message), *back->value, back->giveUp);
    if (!answer) co_return answer.error();
    if (answer->outcome == wire::OfferOutcome::Settled)
      co_return Error{Kind::OlderRing, "settled beyond it meanwhile: begin again"};
    co_return Status();
  }
  wire::Repair message{back->entry, back->source};
  auto done = co_await home_.repair(speaker, std::move(message), back->giveUp);
  co_return done;
}

Task<Result<Bytes>> Coordinator::smallValue(Located& located, Deadline deadline) {
  if (located.entry.tombstone) co_return Bytes();
  if (located.local) co_return located.local->value;
  Body body;
  if (located.whole) {
    body = std::move(*located.whole);
    located.whole.reset();
  } else {
    body = std::make_unique<RemoteBody>(settings_, membership_, peers_, located.entry, 0, located.entry.size,
                                        located.holders, nullptr);
  }
  auto value = co_await collect(std::move(body), limits::kInlineBytes, deadline);
  if (!value) co_return toLocateAgain(value.error());
  located.whole = Body(*value);
  co_return value;
}

Task<Result<Body>> Coordinator::body(Located located, std::uint64_t offset, std::uint64_t length, Deadline deadline) {
  if (located.local) {
    auto opened = co_await home_.open(located.local, offset, length, deadline);
    const std::vector<NodeId> others = otherHolders(located);
    if (opened) {
      if (auto* region = std::get_if<Region>(&*opened)) {
        region->blob = std::make_shared<const BackedBlob>(settings_, membership_, peers_, std::move(region->blob),
                                                          located.entry, others);
      }
      co_return opened;
    }
    if (opened.error().kind == Kind::NotFound) co_return Error{Kind::Conflict, "the value has been replaced since"};
    if (others.empty()) co_return opened;
    located.holders = others;
    journal_.note(Severity::Error, "value.unreadable", fmt::format("why=\"{}\"", opened.error().text));
  }
  const bool isWhole = offset == 0 && length == located.entry.size;
  std::unique_ptr<ByteSource> first;
  if (located.whole && isWhole) {
    if (std::holds_alternative<Bytes>(*located.whole)) co_return std::move(*located.whole);
    first = sourceOf(std::move(*located.whole));
    located.holders.erase(located.holders.begin());
  }
  // Who has voted for it may fail before it sends anything; of the others some have it too.
  auto remote = std::make_unique<RemoteBody>(settings_, membership_, peers_, located.entry, offset, length,
                                             otherHolders(located), std::move(first));
  auto opened = co_await remote->open();
  if (!opened) co_return toLocateAgain(opened.error());
  co_return Body(std::move(remote));
}

/// Who else may have the version that lies here: those that said so first, then the other home nodes.
std::vector<NodeId> Coordinator::otherHolders(const Located& located) const {
  std::vector<NodeId> others = located.holders;
  const ring::ViewPtr view = membership_.view();
  for (const NodeId node : view ? view->homes(partitionOf(located.entry.key)) : std::vector<NodeId>()) {
    const bool known = std::ranges::find(others, node) != others.end();
    if (!known && node != membership_.self().node) others.push_back(node);
  }
  return others;
}

Task<Result<Written>> Coordinator::del(Key key, Consistency consistency, Precondition precondition, Deadline deadline) {
  std::shared_ptr<ReadRound> round;
  while (true) {
    const ring::ViewPtr view = membership_.view();
    if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
    ReadOrder order{key, consistency, false, true};
    round = std::make_shared<ReadRound>(executor_, settings_, peers_, home_, membership_.self().node, view,
                                        std::move(order));
    auto voted = co_await round->run(background_, deadline);
    if (voted) break;
    if (voted.error().kind != Kind::OlderRing) co_return Error{Kind::NotDone, voted.error().text};
    if (executor_.now() >= deadline) co_return Error{Kind::NotDone, "the ring kept changing; try again"};
    co_await sleepUntil(executor_.now() + kBeginAgain);
  }
  const std::optional<Entry> newest = round->newest();
  const bool live = newest && !newest->tombstone;
  if (precondition && !precondition(live ? &*newest : nullptr)) {
    co_return Error{Kind::Conflict, "the precondition does not hold"};
  }
  if (round->allVotedNone()) co_return Error{Kind::NotFound, "no such key"};
  WriteOrder order;
  order.entry.key = std::move(key);
  order.entry.tombstone = true;
  order.value = Bytes();
  order.consistency = consistency;
  auto written = co_await write(std::move(order), deadline);
  if (written && !live) co_return Error{Kind::NotFound, "no such key"};
  co_return written;
}

}  // namespace mydht::cluster
