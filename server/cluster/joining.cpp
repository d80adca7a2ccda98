#include "server/cluster/joining.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mydht::cluster {
namespace {

/// A joiner that could not be called back: why, and what its administrator can do about it.
Error notCalledBack(const std::string& joiner, const std::string& here, const std::string& why) {
  constexpr std::array kLoopback = {"localhost", "127.", "[::1]"};
  const auto begins = [&joiner](const char* name) { return joiner.starts_with(name); };
  if (std::any_of(kLoopback.begin(), kLoopback.end(), begins)) {
    return {Kind::BadRequest,
            fmt::format("{} is a loopback name: for {} it means its own machine, not yours: start the "
                        "node with -h set to a name that means it on every machine",
                        joiner, here)};
  }
  return {Kind::BadRequest, fmt::format("{} cannot call {} back ({}): start the node with -h set to a name that means "
                                        "it on every machine, and reaches it",
                                        here, joiner, why)};
}

}  // namespace

Task<Status> Joining::callBack(const wire::Join& join, Deadline deadline) {
  const std::string hostPort = join.hostPort;
  const NodeId joiner = join.member.id;
  // In time for the joiner to hear the advice rather than nothing.
  const Deadline callBy = std::min(deadline, loop_.now() + settings_.timing.call);
  auto hello = co_await peers_.askAt(hostPort, wire::Hello(), callBy);
  if (!hello) co_return notCalledBack(hostPort, settings_.hostPort, hello.error().text);
  if (hello->from.node != joiner) co_return notCalledBack(hostPort, settings_.hostPort, "another node answers there");
  co_return Status();
}

/// A copied directory may not push out the node that it was copied from (R7).
Task<Status> Joining::checkReplaced(const wire::Join& join, Deadline deadline) {
  const NodeId old = join.replaces;
  const ring::ViewPtr view = membership_.view();
  if (old == 0 || !view->newest().list().hasPresent(old)) co_return Status();
  bool alive = old == membership_.self().node;
  if (!alive) {
    auto hello = co_await peers_.ask(old, view, wire::Hello(), Body(), deadline);
    alive = hello.ok();
  }
  if (!alive) co_return Status();
  co_return Error{Kind::Forbidden,
                  fmt::format("the node whose place {} would take still answers at {}: stop that one, or start this "
                              "one with an empty data directory",
                              join.hostPort, peers_.nameOf(old))};
}

ring::MemberList Joining::withJoiner(const ring::View& view, const wire::Join& join) const {
  ring::MemberList list = view.newest().list();
  ring::Member joiner = join.member;
  // Whoever was a member at this address is not there any more: the joiner answers in its place, with its tokens (R7).
  std::vector<NodeId> former = peers_.nodesAt(join.hostPort);
  if (join.replaces != 0) former.push_back(join.replaces);
  for (const NodeId node : former) {
    const ring::Member* const record = list.find(node);
    if (record == nullptr || !list.hasPresent(node) || node == joiner.id) continue;
    joiner.tokenSeed = record->tokenSeed;
    // Somebody else may take it in beside the former one: what differs has a number of its own (R1).
    joiner.number = join.member.number + 1;
    ring::Member removed = *record;
    removed.rank = ring::Rank::Removed;
    list.put(removed);
    journal_.note(Severity::Warn, "ring.replace",
                  fmt::format("node={} old={:016x} new={:016x}", join.hostPort, node, joiner.id));
  }
  list.put(joiner);
  return list;
}

Task<Result<ring::ViewPtr>> Joining::takeIn(wire::Join join, NodeId caller, std::uint32_t callerBoot,
                                            Deadline deadline) {
  co_await switchTo(loop_);
  const ring::ViewPtr view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring itself yet"};
  if (caller != join.member.id) co_return Error{Kind::BadRequest, "a node can only join for itself"};
  if (const ring::Member* const known = view->newest().list().find(caller); known != nullptr) {
    if (view->newest().list().hasPresent(caller)) co_return view;
    co_return Error{Kind::Forbidden, "that identity has left this ring for good"};
  }
  Result<ring::ViewPtr> result = Error{Kind::Unavailable, "not asked"};
  auto reached = co_await callBack(join, deadline);
  if (reached) {
    const Deadline answerBy = std::min(deadline, loop_.now() + settings_.timing.call / 2);
    auto free = co_await checkReplaced(join, answerBy);
    reached = free;
  }
  if (reached) {
    const ring::MemberList wanted = withJoiner(*view, join);
    peers_.learn({join.member.id, callerBoot, join.hostPort});
    auto agreed = co_await changes_.agree(wanted, deadline);
    result = std::move(agreed);
  } else {
    result = reached.error();
  }
  co_return result;
}

/// Who was a member of a ring once joins no other: refused before the seed has taken it in.
Task<Status> Joining::checkRing(const std::string& seed, Deadline deadline) {
  const std::uint64_t former = membership_.formerRing();
  if (former == 0) co_return Status();
  auto hello = co_await peers_.askAt(seed, wire::Hello(), deadline);
  if (!hello) co_return hello.error();
  if (hello->from.ringIdentity == 0 || hello->from.ringIdentity == former) co_return Status();
  co_return Error{Kind::BadRequest,
                  fmt::format("{} is a member of another ring ({:016x}) than this data directory was ({:016x}): start "
                              "with an empty data directory to join it",
                              seed, hello->from.ringIdentity, former)};
}

Task<Status> Joining::askSeed(std::string seed, wire::Join join) {
  const Deadline deadline = loop_.now() + 3 * settings_.timing.call;
  auto sameRing = co_await checkRing(seed, deadline);
  if (!sameRing) co_return sameRing;
  auto answer = co_await peers_.askAt(seed, std::move(join), deadline);
  if (!answer) co_return answer.error();
  // Where that one is goes to the disk in one batch with the ring: a member that knows its ring and nobody of it could
  // ask nobody at its next start, and would not hear that it was removed meanwhile.
  peers_.learn({answer->from.node, answer->from.boot, answer->from.hostPort});
  auto adopted = co_await membership_.adopt(answer->answer.view);
  // A seed that is busy says Conflict too, and is worth asking again.
  if (!adopted) co_return Error{Kind::BadRequest, adopted.error().text};
  peers_.heard(answer->from);
  wire::Gossip gossip;
  gossip.addresses = peers_.addresses();
  auto others = co_await peers_.askAt(seed, std::move(gossip), deadline);
  if (others) {
    for (const wire::Address& address : others->answer.addresses) peers_.learn(address);
  }
  co_return Status();
}

Task<Status> Joining::join(std::vector<std::string> seeds, ring::Member self, NodeId replaces) {
  co_await switchTo(loop_);
  const Deadline giveUp = loop_.now() + settings_.timing.joinPatience;
  const wire::Join join{std::move(self), settings_.hostPort, replaces};
  Error last{Kind::Unavailable, "there is no seed to ask"};
  std::string noted;
  while (true) {
    bool worthWaiting = false;
    bool ringIsBusy = false;
    for (const std::string& seed : seeds) {
      auto asked = co_await askSeed(seed, join);
      if (asked) co_return asked;
      last = asked.error();
      const bool busy = last.kind == Kind::Conflict || last.kind == Kind::NotDone || last.kind == Kind::OlderRing;
      worthWaiting = worthWaiting || busy || last.kind == Kind::Unknown;
      ringIsBusy = ringIsBusy || last.kind == Kind::Conflict;
      if (busy && last.text != noted) {
        journal_.note(Severity::Info, "ring.wait", fmt::format("seed={} why=\"{}\"", seed, last.text));
        noted = last.text;
      }
    }
    if (!ringIsBusy && (!worthWaiting || loop_.now() >= giveUp)) co_return last;
    co_await sleepUntil(loop_.now() + std::chrono::milliseconds(200 + random_.next() % 300));
  }
}

}  // namespace mydht::cluster
