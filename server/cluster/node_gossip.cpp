#include <fmt/format.h>

#include <algorithm>

#include "server/cluster/node.h"

/// What a node tells other members all the time, whom, and what it does with what they tell.
namespace mydht::cluster {
namespace {

// Members asked in one round of gossip while the ring changes, and of those that failed at any time: what one node
// knows is known to 1,000 in four rounds, and in a ring of up to nine each asks all.
constexpr std::size_t kHurriedPartners = 8;

}  // namespace

wire::Gossip Node::gossipMessage() const {
  const StandingPtr standing = membership_.standing();
  wire::Gossip gossip;
  gossip.addresses = peers_.someAddresses(world_.random);
  gossip.summary = summary();
  if (!standing->view) return gossip;
  gossip.filledIn = standing->view->activeName();
  // What was filled on a disk that was set back may be gone: until it is known that it was not, nobody counts on it.
  const bool mayTell = membership_.confirmed();
  gossip.whole = mayTell && standing->whole;
  if (!standing->view->changing()) return gossip;
  const store::PartitionSet damaged = store_.damage().partitions();
  gossip.wholeMembers = changes_.wholeMembers(*standing->view, gossip.whole && damaged.none());
  if (mayTell && (!gossip.whole || damaged.any())) {
    gossip.filled = store::bitsOf(standing->filled & ~standing->owed & ~damaged);
  }
  return gossip;
}

Task<> Node::gossipOnce() {
  const ring::ViewPtr view = membership_.view();
  std::vector<NodeId> others = view->members();
  std::erase(others, membership_.self().node);
  // A node that failed is asked again here and nowhere else: no client waits for it.
  const Time now = loop_.now();
  const auto usableEnd =
      std::stable_partition(others.begin(), others.end(), [&](NodeId n) { return peers_.usable(n); });
  const std::vector<NodeId> failed(usableEnd, others.end());
  others.erase(usableEnd, others.end());
  const std::size_t first = failed.size() > kHurriedPartners ? world_.random.next() % failed.size() : 0;
  std::size_t asked = 0;
  for (std::size_t i = 0; i < failed.size() && asked < kHurriedPartners; ++i) {
    const NodeId node = failed[(first + i) % failed.size()];
    if (!peers_.takeTurn(node, now)) continue;
    ++asked;
    duties_.spawn(exchange(node, gossipMessage()));
  }
  const auto isLost = [&](NodeId n) { return n != membership_.self().node && !peers_.addressOf(n); };
  if (std::ranges::any_of(view->members(), isLost)) lookForMembers();
  for (const NodeId node : gossipPartners(*view, std::move(others))) {
    duties_.spawn(exchange(node, gossipMessage()));
  }
  co_return;
}

/// Whoever took a member in may be gone before it has told where that one is: who answers anywhere this node has ever
/// been says who it is, and hears who asks.
void Node::lookForMembers() {
  std::vector<std::string> addresses = knownAddresses();
  for (std::size_t i = 0; i < addresses.size() && i < kHurriedPartners; ++i) {
    std::swap(addresses[i], addresses[i + world_.random.next() % (addresses.size() - i)]);
    if (addresses[i] != settings_.hostPort) duties_.spawn(introduceTo(addresses[i]));
  }
}

Task<> Node::introduceTo(std::string address) {
  auto hello = co_await peers_.askAt(address, wire::Hello(), loop_.now() + settings_.timing.call);
  if (hello) {
    co_await peers_.hearOut(hello->from, std::move(address));
  } else {
    world_.journal.note(Severity::Debug, "member.not-found",
                        fmt::format("at={} why=\"{}\"", address, hello.error().text));
  }
}

/// Whom to gossip with in this round: one at random, some while the ring changes, so that what they all wait for is
/// known to all in a few rounds and costs a node the same in a ring of any size. Who leaves has to hear from everybody
/// that has still to take over.
std::vector<NodeId> Node::gossipPartners(const ring::View& view, std::vector<NodeId> others) {
  const bool leaves = memberChanges_.leaving() != wire::Leaving::No;
  std::size_t chosen = 0;
  if (leaves) {
    const auto isUnheard = [&](NodeId node) { return !changes_.isWhole(view, node); };
    const auto heard = std::stable_partition(others.begin(), others.end(), isUnheard);
    chosen = static_cast<std::size_t>(heard - others.begin());
  }
  const std::size_t wanted = std::max(chosen, leaves || view.changing() ? kHurriedPartners : 1);
  if (others.size() <= wanted) return others;
  for (; chosen < wanted; ++chosen) {
    std::swap(others[chosen], others[chosen + world_.random.next() % (others.size() - chosen)]);
  }
  others.resize(wanted);
  return others;
}

Task<> Node::exchange(NodeId node, wire::Gossip gossip) {
  const Deadline deadline = loop_.now() + settings_.timing.call;
  auto answer = co_await peers_.ask(node, membership_.view(), std::move(gossip), Body(), deadline);
  if (!answer) co_return;
  auto heard = co_await hearGossip(answer->from, std::move(answer->answer), deadline);
  if (!heard) world_.journal.note(Severity::Info, "gossip.unheard", fmt::format("why=\"{}\"", heard.error().text));
}

Task<Status> Node::hearGossip(wire::Speaker from, wire::Gossip gossip, Deadline deadline) {
  co_await switchTo(loop_);
  for (const wire::Address& address : gossip.addresses) peers_.learn(address);
  const ring::ViewPtr view = membership_.view();
  if (!view || from.ringIdentity != view->ringIdentity()) co_return Status();
  changes_.heard(from.node, gossip);
  peers_.noteDisk(from.node, gossip.summary.disk, loop_.now() + settings_.timing.badDisk);
  const bool sameEnds = from.newest == view->newest().name() && from.complete == view->complete().name();
  const bool knowsBetween = sameEnds && gossip.filledIn.height != 0 && gossip.filledIn != view->activeName();
  summaries_.heard(from.node, std::move(gossip.summary));
  summaries_.keepOnly(view->members());
  if (knowsBetween || from.newest > view->newest().name() || from.complete > view->complete().name()) {
    auto theirs = co_await peers_.askAt(from.hostPort, wire::GetView(), deadline);
    if (!theirs) co_return theirs.error();
    auto adopted = co_await membership_.adopt(theirs->answer.view);
    if (adopted) changes_.heard(from.node, gossip);  // now that it is known of which versions it is
    co_return adopted;
  }
  co_return Status();
}

}  // namespace mydht::cluster
