#include "server/cluster/swim.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace mydht::cluster {
namespace {

// Asked to probe who does not answer: with three, a tenth of all messages lost makes a false suspicion a rare thing.
constexpr std::size_t kRelays = 3;
// Told at once what this node has found out by itself; all others hear it from those.
constexpr std::size_t kSpread = 3;
constexpr Duration kSpreadPause = std::chrono::milliseconds(200);
// Who was asked to probe another one answers after the time that such a probe has, and then its answer has to arrive.
constexpr int kRelayedTime = 2;
// Beyond this a tick comes so late that it was this node that stood still.
constexpr Duration kOwnDelay = std::chrono::milliseconds(300);
constexpr unsigned kMostSlowness = 3;
// Between two looks for members that are dead, and once one was found.
constexpr Duration kSearch = std::chrono::seconds(1);
constexpr Duration kSearchOn = std::chrono::milliseconds(100);

}  // namespace

Duration Swim::ackTime() const {
  return timing_.probeAnswer * (1 + slowness_);
}

/// The base is for rings of up to 5; beyond them it grows with the number of bits of their size.
Duration Swim::suspicion() const {
  const int bits = std::max(3, static_cast<int>(std::bit_width(members_.size() + 1)));
  return timing_.suspicion * bits / 3 * (1 + slowness_);
}

unsigned Swim::timesToTell() const {
  return 3 * static_cast<unsigned>(std::bit_width(members_.size() + 1));
}

Swim::Members::const_iterator Swim::find(NodeId node) const {
  const auto at = std::ranges::lower_bound(members_, node, {}, &Members::value_type::first);
  return at != members_.end() && at->first == node ? at : members_.end();
}

Swim::Members::iterator Swim::find(NodeId node) {
  return members_.begin() + (std::as_const(*this).find(node) - members_.cbegin());
}

void Swim::setMembers(const std::vector<NodeId>& others, Time now) {
  Members members;
  for (const NodeId node : others) {
    if (node == self_) continue;
    const auto at = find(node);
    Member fresh;
    fresh.heardAt = now;
    members.emplace_back(node, at != members_.end() ? at->second : fresh);
  }
  std::ranges::sort(members, {}, &Members::value_type::first);
  members_ = std::move(members);
}

/// A node that stood still knows nothing of the others in that time: everybody gets it on top.
void Swim::allowForOwnDelay(Time now) {
  if (!due_ || now <= *due_ + kOwnDelay) return;
  const Duration late = now - *due_;
  for (auto& [node, member] : members_) {
    member.answerBy += late;
    member.suspectUntil += late;
    member.probeAgainAt = now;
  }
  setSlowness(std::min(slowness_ + 1, kMostSlowness));
}

std::vector<Swim::Ping> Swim::tick(Time now) {
  std::vector<Ping> pings;
  allowForOwnDelay(now);
  for (auto& [node, member] : members_) watch(node, member, now, pings);
  if (now >= nextProbe_) {
    nextProbe_ = now + timing_.probe;
    probeOldest(now, pings);
  }
  if (now >= nextSearch_) {
    nextSearch_ = now + kSearch;
    searchDead(pings);
  }
  if (hasNews_ && now >= nextSpread_) spread(now, pings);
  due_ = next();
  return pings;
}

Time Swim::next() const {
  Time next = std::min(nextProbe_, nextSearch_);
  if (hasNews_) next = std::min(next, nextSpread_);
  for (const auto& [node, member] : members_) {
    if (member.probing != Probing::No) next = std::min(next, member.answerBy);
    if (member.state != Liveness::Suspect) continue;
    next = std::min(next, member.suspectUntil);
    if (member.firstHand) next = std::min(next, member.probeAgainAt);
  }
  return next;
}

/// What the time brings for one member: the next step of a probe, or of a suspicion.
void Swim::watch(NodeId node, Member& member, Time now, std::vector<Ping>& pings) {
  if (member.probing == Probing::Direct && now >= member.answerBy) {
    askRelays(node, member, now, pings);
  } else if (member.probing == Probing::Indirect && now >= member.answerBy) {
    // Nobody who was asked says anything: then it may be this node that is cut off or slow.
    if (member.relays > 0 && member.answered == 0) setSlowness(std::min(slowness_ + 1, kMostSlowness));
    suspectFirstHand(node, member, now);
  }
  if (member.state != Liveness::Suspect) return;
  if (now >= member.suspectUntil && !member.firstHand) suspectFirstHand(node, member, now);
  if (now >= member.suspectUntil) {
    become(node, member, member.incarnation, Liveness::Dead, now);
    hasNews_ = true;
    return;
  }
  if (!member.firstHand || now < member.probeAgainAt) return;
  member.probeAgainAt = now + timing_.suspectAgain;
  pings.push_back(ping(node, node));
  for (const NodeId relay : someAlive(1, node)) pings.push_back(ping(relay, node));
}

/// Of those that were silent for equally long any one.
void Swim::probeOldest(Time now, std::vector<Ping>& pings) {
  auto oldest = members_.end();
  std::uint64_t equals = 0;
  for (auto at = members_.begin(); at != members_.end(); ++at) {
    const Member& member = at->second;
    const bool watched = member.state == Liveness::Suspect && member.firstHand;
    if (member.state == Liveness::Dead || member.probing != Probing::No || watched) continue;
    if (oldest != members_.end() && member.heardAt > oldest->second.heardAt) continue;
    const bool equal = oldest != members_.end() && member.heardAt == oldest->second.heardAt;
    equals = equal ? equals + 1 : 1;
    if (!equal || random_.next() % equals == 0) oldest = at;
  }
  if (oldest == members_.end()) return;
  oldest->second.probing = Probing::Direct;
  oldest->second.answerBy = now + ackTime();
  pings.push_back(ping(oldest->first, oldest->first));
}

/// One dead member after the other.
void Swim::searchDead(std::vector<Ping>& pings) {
  const auto isDead = [](const auto& entry) { return entry.second.state == Liveness::Dead; };
  const auto behind = std::ranges::upper_bound(members_, searched_, {}, &Members::value_type::first);
  auto at = std::find_if(behind, members_.end(), isDead);
  if (at == members_.end()) at = std::find_if(members_.begin(), members_.end(), isDead);
  if (at == members_.end()) return;
  searched_ = at->first;
  pings.push_back(ping(at->first, at->first));
}

void Swim::spread(Time now, std::vector<Ping>& pings) {
  hasNews_ = false;
  nextSpread_ = now + kSpreadPause;
  for (const NodeId node : someAlive(kSpread, self_)) pings.push_back(ping(node, node));
}

void Swim::askRelays(NodeId node, Member& member, Time now, std::vector<Ping>& pings) {
  const std::vector<NodeId> relays = someAlive(kRelays, node);
  member.probing = Probing::Indirect;
  member.relays = static_cast<unsigned>(relays.size());
  member.answered = 0;
  member.answerBy = relays.empty() ? now : now + kRelayedTime * ackTime();
  if (relays.empty()) suspectFirstHand(node, member, now);
  for (const NodeId relay : relays) pings.push_back(ping(relay, node));
}

void Swim::suspectFirstHand(NodeId node, Member& member, Time now) {
  member.probing = Probing::No;
  if (member.state == Liveness::Dead) return;
  if (member.state == Liveness::Alive) become(node, member, member.incarnation, Liveness::Suspect, now);
  member.firstHand = true;
  member.suspectUntil = now + suspicion();
  member.probeAgainAt = now;
}

void Swim::become(NodeId node, Member& member, std::uint64_t incarnation, Liveness state, Time now) {
  if (member.state != state) changes_.push_back({node, member.state, state});
  if (member.state == Liveness::Dead && state == Liveness::Alive) {
    nextSearch_ = std::min(nextSearch_, now + kSearchOn);  // others may be there again too
  }
  member.incarnation = incarnation;
  member.state = state;
  member.toTell = timesToTell();
  member.firstHand = false;
  member.suspectUntil = now + 2 * suspicion();
  if (state == Liveness::Alive) member.heardAt = now;
  if (state == Liveness::Dead) member.probing = Probing::No;
}

void Swim::acked(const Ping& ping, Time now) {
  const auto at = find(ping.target);
  if (at == members_.end()) return;
  Member& member = at->second;
  if (member.probing == Probing::Direct && ping.direct()) setSlowness(slowness_ > 0 ? slowness_ - 1 : 0);
  member.probing = Probing::No;
  member.heardAt = now;
  // It is there, and was or will be told what is said of it: until it has refuted that it is not given up.
  if (member.state == Liveness::Suspect) member.suspectUntil = std::max(member.suspectUntil, now + suspicion());
}

void Swim::failed(const Ping& ping, Time now) {
  const auto at = find(ping.target);
  if (at == members_.end()) return;
  Member& member = at->second;
  if (ping.direct() && member.probing == Probing::Direct) member.answerBy = now;
  if (ping.direct() || member.probing != Probing::Indirect) return;
  if (++member.answered >= member.relays) member.answerBy = now;
}

void Swim::hear(NodeId from, std::span<const Rumour> rumours, Time now) {
  if (const auto at = find(from); at != members_.end()) at->second.heardAt = now;
  for (const Rumour& rumour : rumours) {
    if (rumour.about == self_) refute(rumour);
    const auto at = find(rumour.about);
    if (at == members_.end()) continue;
    Member& member = at->second;
    if (!rumour.beats({rumour.about, member.incarnation, member.state})) continue;
    // Of a suspicion that goes on nothing is new but the number.
    const bool still = rumour.state == Liveness::Suspect && member.state == Liveness::Suspect && member.firstHand;
    become(rumour.about, member, rumour.incarnation, rumour.state, now);
    if (still) suspectFirstHand(rumour.about, member, now);
  }
}

void Swim::refute(const Rumour& rumour) {
  if (rumour.incarnation < incarnation_) return;  // refuted already: whoever says it is told by every message
  incarnation_ = rumour.incarnation;
  if (rumour.state == Liveness::Alive) return;  // said by this node before it was restarted
  ++incarnation_;
  hasNews_ = true;
  setSlowness(std::min(slowness_ + 1, kMostSlowness));
}

std::vector<Rumour> Swim::rumoursFor(NodeId to, NodeId about) {
  std::vector<Rumour> rumours{{self_, incarnation_, Liveness::Alive}};
  const auto add = [&](NodeId node, Member& member) {
    rumours.push_back({node, member.incarnation, member.state});
    if (member.toTell > 0) --member.toTell;
  };
  const auto addIfIll = [&](NodeId node) {
    const auto at = find(node);
    if (at != members_.end() && (at->second.state != Liveness::Alive || at->second.toTell > 0)) add(node, at->second);
  };
  addIfIll(to);
  if (about != to) addIfIll(about);
  // What was told least often first.
  std::vector<Members::iterator> news;
  for (auto at = members_.begin(); at != members_.end(); ++at) {
    if (at->second.toTell > 0 && at->first != to && at->first != about) news.push_back(at);
  }
  const std::size_t room = std::min(news.size(), wire::kMostRumours - rumours.size());
  std::partial_sort(news.begin(), news.begin() + static_cast<std::ptrdiff_t>(room), news.end(),
                    [](const auto& a, const auto& b) {
                      return std::tuple(b->second.toTell, a->first) < std::tuple(a->second.toTell, b->first);
                    });
  for (std::size_t i = 0; i < room; ++i) add(news[i]->first, news[i]->second);
  return rumours;
}

Liveness Swim::of(NodeId node) const {
  const auto at = find(node);
  return at == members_.end() ? Liveness::Alive : at->second.state;
}

std::vector<NodeId> Swim::someAlive(std::size_t most, NodeId but) {
  std::vector<NodeId> nodes;
  for (const auto& [node, member] : members_) {
    if (node != but && member.state == Liveness::Alive) nodes.push_back(node);
  }
  most = std::min(most, nodes.size());
  for (std::size_t i = 0; i < most; ++i) std::swap(nodes[i], nodes[i + random_.next() % (nodes.size() - i)]);
  nodes.resize(most);
  return nodes;
}

}  // namespace mydht::cluster
