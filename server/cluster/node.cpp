#include "server/cluster/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "server/store/rows.h"

namespace mydht::cluster {
namespace {

constexpr Duration kDiskPatience = std::chrono::minutes(5);
// How long a start waits for a majority to confirm it before it serves what needs no vote of its own.
constexpr Duration kConfirmPatience = std::chrono::seconds(2);
constexpr Duration kAnsweringPoll = std::chrono::milliseconds(2);

std::string behindText(const std::string& why) {
  return "this data directory is behind what the ring remembers of it (" + why +
         "): it is a restored backup or a clone";
}

store::HintSettings hintsOf(const Settings& settings) {
  store::HintSettings hints = settings.hints;
  if (settings.bugs.keepAllHints) hints.most = std::numeric_limits<std::uint64_t>::max();
  return hints;
}

}  // namespace

Node::Node(Settings settings, World world)
    : settings_(std::move(settings)),
      world_(std::move(world)),
      loop_(*world_.loops.front()),
      wall_(world_.clock),
      commits_(world_.disk),
      store_({settings_.cacheBytes, settings_.bugs.lastArrivalWins, settings_.bugs.ignoreMarks,
              settings_.bugs.showUnsynced},
             world_.disk, commits_, wall_, world_.loops),
      membership_(loop_, commits_, world_.journal, settings_.bugs, world_.makeRing),
      peers_(settings_, membership_, commits_, world_.transport, world_.clock, world_.journal),
      prober_(loop_, settings_, membership_, peers_, world_.random, world_.journal),
      staging_(store_),
      copier_(world_.loops, settings_, membership_, peers_, store_, staging_),
      home_(settings_, membership_, peers_, store_, staging_, copier_),
      hints_(loop_, hintsOf(settings_), world_.disk, commits_, wall_),
      handoff_(loop_, settings_, membership_, peers_, copier_, store_, hints_, world_.journal),
      listAnswerer_(membership_, home_, store_),
      changes_(loop_, settings_, membership_, peers_, summaries_, store_.damage(), world_.random, world_.journal),
      joining_(loop_, settings_, membership_, peers_, changes_, world_.random, world_.journal),
      memberChanges_(loop_, settings_, membership_, peers_, changes_, world_.journal),
      removeAfter_(loop_, settings_, membership_, prober_, memberChanges_, peers_, world_.journal),
      filler_(loop_, settings_, membership_, peers_, copier_, store_, world_.journal),
      trees_(settings_.bugs, membership_, home_, store_),
      settler_(loop_, settings_, wall_, membership_, peers_, trees_, store_, world_.journal),
      balancer_(loop_, settings_, membership_, peers_, trees_, copier_, store_, world_.random, world_.journal),
      purger_(loop_, settings_, membership_, peers_, copier_, store_, world_.journal),
      diskWatch_(loop_, settings_, world_.disk, world_.journal),
      mender_(loop_, settings_, membership_, peers_, copier_, staging_, store_, world_.journal),
      scrubber_(loop_, settings_, membership_, peers_, world_.disk, store_, wall_, world_.journal),
      actions_(loop_, settings_, membership_, peers_, balancer_, purger_, world_.random, world_.journal),
      stop_(loop_),
      duties_(loop_) {}

Node::~Node() {
  MYDHT_ASSERT(!started_);
}

Task<Status> Node::writeIdentity(store::Identity identity) {
  Batch batch;
  batch.rows.emplace_back(store::kIdentityRow, store::encodeIdentity(identity));
  auto committed = co_await commits_.commit(std::move(batch));
  if (!committed) co_return committed.error().within("write down this node's identity");
  co_return Status();
}

Task<Status> Node::identify() {
  auto loaded = co_await store::loadNodeState(world_.disk, loop_.now() + kDiskPatience);
  if (!loaded) co_return loaded.error();
  remembered_ = std::move(*loaded);
  auto opened = co_await store_.open(loop_.now() + kDiskPatience);
  if (!opened) co_return opened;
  auto counted = co_await hints_.open(loop_.now() + kDiskPatience);
  if (!counted) co_return counted;
  syncedAtStart_ = world_.disk.lastSynced();
  store::Identity identity;
  if (remembered_.identity) {
    identity = *remembered_.identity;
    ++identity.boot;
  } else {
    while (identity.node == 0) identity.node = world_.random.next();
    identity.boot = 1;
    identity.tokenSeed = identity.node;
  }
  auto written = co_await writeIdentity(identity);
  if (!written) co_return written;
  membership_.load(identity, remembered_.ring);
  peers_.load(remembered_.peers);
  clock_ = std::make_unique<NodeClock>(wall_, identity.node, identity.boot, remembered_.clockFloorMicros);
  for (Executor* const loop : world_.loops) {
    coordinators_.push_back(std::make_unique<Coordinator>(*loop, settings_, membership_, peers_, home_, handoff_,
                                                          *clock_, world_.random, world_.journal));
    listers_.push_back(std::make_unique<Lister>(*loop, settings_, membership_, peers_, listAnswerer_));
  }
  identified_ = true;
  co_return Status();
}

Task<Status> Node::start() {
  auto identified = co_await identify();
  if (!identified) co_return identified;
  started_ = true;
  startedAt_ = loop_.now();
  auto entered = co_await enterRing();
  if (!entered) {
    co_await stop();
    co_return entered;
  }
  duties_.spawn(duties());
  duties_.spawn(fillLoop());
  duties_.spawn(hints_.run());
  duties_.spawn(handoff_.run());
  duties_.spawn(settler_.run());
  duties_.spawn(prober_.run());
  duties_.spawn(removeAfter_.run());
  duties_.spawn(balancer_.run());
  duties_.spawn(purger_.run());
  duties_.spawn(diskWatch_.run());
  duties_.spawn(mender_.run());
  duties_.spawn(scrubber_.run());
  if (!remembered_.ring.view.active.empty()) co_return Status();
  // Until the change is complete the ring needs its former nodes too: who hears "ready" may end one of them.
  const Time settled = loop_.now() + settings_.timing.settle;
  while (membership_.view()->changing() && !stopping_ && loop_.now() < settled) {
    co_await membership_.changed().waitUntil(settled);
  }
  co_return Status();
}

std::string Node::behindOf(NodeId node, const wire::HelloAnswer& remembered) const {
  const store::Identity& self = membership_.self();
  const std::uint32_t boot = remembered.rememberedBoot;
  const std::uint64_t synced = remembered.rememberedSynced;
  const bool sameBoot = boot == self.boot && synced > world_.disk.lastSynced();
  const bool lastBoot = boot + 1 == self.boot && synced > syncedAtStart_;
  if (boot <= self.boot && !sameBoot && !lastBoot) return {};
  return fmt::format("{} remembers boot {} and batch {} of this node, its disk has boot {} and batch {}",
                     peers_.nameOf(node), boot, synced, self.boot, syncedAtStart_);
}

Task<Status> Node::checkSeeds() {
  for (const std::string& seed : settings_.seeds) {
    if (seed == settings_.hostPort) continue;
    auto hello = co_await peers_.askAt(seed, wire::Hello(), loop_.now() + settings_.timing.call);
    if (!hello || hello->from.ringIdentity == 0) continue;
    const std::uint64_t ours = membership_.view()->ringIdentity();
    if (hello->from.ringIdentity != ours) {
      co_return Error{Kind::Conflict,
                      fmt::format("{} is a member of another ring ({:016x}) than this data directory ({:016x}): "
                                  "start with an empty data directory to join it",
                                  seed, hello->from.ringIdentity, ours)};
    }
    co_await peers_.hearOut(hello->from, seed);
    // A member says this once: from now on it has heard of this boot.
    const std::string behind = behindOf(hello->from.node, hello->answer);
    if (!behind.empty() && !settings_.bugs.ignoreRollback) {
      co_await startAgainAsNew(behindText(behind), true);
      co_return Error{Kind::Stopped, fatal_};
    }
  }
  co_return Status();
}

Task<Status> Node::enterRing() {
  if (membership_.view()) {
    auto checked = co_await checkSeeds();
    if (!checked) co_return checked;
    duties_.spawn(confirmLoop());
    const Time patience = loop_.now() + kConfirmPatience;
    while (!membership_.confirmed() && fatal_.empty() && loop_.now() < patience) co_await stop_.waitUntil(patience);
    if (!fatal_.empty()) co_return Error{Kind::Stopped, fatal_};
    co_return Status();
  }
  const store::Identity& self = membership_.self();
  ring::Member member;
  member.id = self.node;
  member.tokenSeed = self.tokenSeed;
  // It may have asked to be taken in before, with other options, and not have heard that it was.
  member.number = ring::recordNumberOf(self.boot);
  member.weightHundredths = settings_.weightHundredths.value_or(100);
  member.zone = settings_.zone.value_or("");
  membership_.confirm();
  std::vector<std::string> seeds = knownAddresses();
  if (seeds.empty() && membership_.formerRing() != 0) {
    co_return Error{Kind::Unavailable,
                    "this data directory has lost its place in its ring and knows none of its members: start it with "
                    "-s"};
  }
  if (seeds.empty()) {
    std::uint64_t identity = 0;
    while (identity == 0) identity = world_.random.next();
    auto founded = co_await membership_.found(identity, member, settings_.replicas, settings_.hostPort);
    co_return founded;
  }
  auto joined = co_await joining_.join(std::move(seeds), std::move(member), self.replaces);
  if (joined) correctClock();  // who joins with a wrong clock is told at once
  if (!joined && joined.error().kind == Kind::Unavailable) {
    co_return joined.error().within("no member of the ring took this node in");
  }
  co_return joined;
}

/// Who of the members has confirmed this node's start so far.
struct Confirmation {
  explicit Confirmation(Executor& executor) : changed(executor) {}
  std::set<NodeId> by;
  std::string behind;  // why this node's disk is behind, if it is
  unsigned running = 0;
  Signal changed;
};

Task<> Node::hello(std::shared_ptr<Confirmation> confirmation, NodeId node) {
  auto answer =
      co_await peers_.ask(node, membership_.view(), wire::Hello(), Body(), loop_.now() + settings_.timing.call);
  if (answer) {
    const std::string behind = behindOf(node, answer->answer);
    if (!behind.empty()) confirmation->behind = behind;
    confirmation->by.insert(node);
  }
  --confirmation->running;
  confirmation->changed.notifyAll();
}

Task<bool> Node::tryConfirm() {
  const ring::ViewPtr view = membership_.view();
  const auto confirmation = std::make_shared<Confirmation>(loop_);
  confirmation->by.insert(membership_.self().node);
  for (const NodeId node : view->members()) {
    if (node == membership_.self().node) continue;
    ++confirmation->running;
    duties_.spawn(hello(confirmation, node));
  }
  while (confirmation->running > 0 && !view->majorityInEach(confirmation->by) && confirmation->behind.empty()) {
    co_await confirmation->changed.wait();
  }
  if (!confirmation->behind.empty() && !settings_.bugs.ignoreRollback) {
    co_await startAgainAsNew(behindText(confirmation->behind), true);
    co_return true;
  }
  if (!view->majorityInEach(confirmation->by)) co_return false;
  membership_.confirm();
  co_return true;
}

Task<> Node::confirmLoop() {
  while (!stopping_) {
    const bool over = co_await tryConfirm();
    if (over) break;
    co_await stop_.waitUntil(loop_.now() + std::chrono::milliseconds(300));
  }
  stop_.notifyAll();
}

Task<Status> Node::forgetRing(bool inOldPlace) {
  // What lies here are copies from now on, never votes: the ring row goes, the entries stay.
  const store::Identity old = membership_.self();
  store::Identity fresh;
  while (fresh.node == 0) fresh.node = world_.random.next();
  fresh.tokenSeed = inOldPlace ? old.tokenSeed : fresh.node;
  fresh.replaces = inOldPlace ? old.node : 0;
  // The others' addresses are to be found again: whoever starts here next joins through them.
  for (const wire::Address& address : peers_.addresses()) {
    if (address.node == old.node) continue;
    const store::PeerState peer = peers_.remembered(address.node);
    commits_.remember(store::peerRowName(address.node), store::encodePeerState(peer));
  }
  auto committed = co_await membership_.startOver(fresh);
  co_return committed;
}

Task<> Node::startAgainAsNew(std::string why, bool inOldPlace) {
  auto forgotten = co_await forgetRing(inOldPlace);
  startsAnew_ = forgotten.ok();
  fatal_ = why + (forgotten ? "; it joins again as a new node" : "; " + forgotten.error().text);
  world_.journal.note(Severity::Error, "node.starts-anew", fmt::format("why=\"{}\"", fatal_));
}

/// Whether somebody else of the ring knows that the version without this node is complete. It may have been the only
/// one to find that out: if it then forgot its former identity, the others would need that one for a majority for ever.
/// And it may be the only one to know where those are that stay: one of them has to hear of it, and tells the others.
Task<bool> Node::othersKnow() {
  const ring::ViewPtr view = membership_.view();
  const auto said = [&](NodeId node) { return peers_.health(node).complete >= view->complete().name(); };
  const std::vector<NodeId>& stay = view->newest().present();
  if (stay.size() == 1 && said(stay.front())) co_return true;  // it may have ended since
  for (const NodeId node : peers_.promptFirst(stay, loop_.now())) {
    wire::Gossip gossip = gossipMessage();
    gossip.addresses = peers_.addresses();
    auto told = co_await peers_.ask(node, view, std::move(gossip), Body(), loop_.now() + settings_.timing.call);
    if (!told) continue;
    if (said(node)) co_return true;
    wire::Adopt message{membership_.viewLists()};
    auto adopted = co_await peers_.ask(node, view, std::move(message), Body(), loop_.now() + settings_.timing.call);
    if (adopted) co_return true;
  }
  // They may have started again as new ones, and the ring may have gone on without them.
  for (const std::string& address : knownAddresses()) {
    auto hello = co_await peers_.askAt(address, wire::Hello(), loop_.now() + settings_.timing.call);
    if (!hello || hello->from.ringIdentity != view->ringIdentity()) continue;
    const NodeId who = hello->from.node;
    const bool isStranger = who != membership_.self().node && !view->newest().list().hasPresent(who);
    if (isStranger && hello->from.complete >= view->complete().name()) co_return true;
  }
  co_return false;
}

/// Where others of the ring may be found: the seeds, and who was ever met.
std::vector<std::string> Node::knownAddresses() const {
  std::vector<std::string> addresses = settings_.seeds;
  for (const auto& [node, peer] : remembered_.peers) {
    if (!peer.hostPort.empty() && peer.hostPort != settings_.hostPort) addresses.push_back(peer.hostPort);
  }
  return addresses;
}

/// Whoever has lost its place, while it was cut off or because a change of the ring took up what it had asked for
/// before it was stopped, is told by the others' view: it serves nothing any more and joins again (R7, R8).
Task<> Node::lookAtOwnPlace() {
  const bool leaves = memberChanges_.leaving() != wire::Leaving::No;
  if (!membership_.standing()->lostPlace || leaves || !fatal_.empty()) co_return;
  auto known = co_await othersKnow();
  if (!known || stopping_) co_return;
  co_await startAgainAsNew("this node has lost its place in the ring: it was removed, or left", false);
}

void Node::beginLeaving() {
  if (memberChanges_.leaving() != wire::Leaving::No || stopping_) return;
  left_.reset();
  duties_.spawn(leaveAndForget());
}

Task<> Node::leaveAndForget() {
  auto left = co_await memberChanges_.leave();
  if (left) {
    const Time patience = loop_.now() + settings_.timing.agreePatience;
    auto known = co_await othersKnow();
    while (!known && loop_.now() < patience && !stopping_) {
      co_await sleepUntil(loop_.now() + settings_.timing.gossip);
      auto knownNow = co_await othersKnow();
      known = knownNow;
    }
    if (known) {
      auto forgotten = co_await forgetRing(false);
      left = forgotten;
    } else {
      memberChanges_.giveUp();
      left = Error{Kind::NotDone,
                   "no other node answers to hear that this one has handed over; it ends its leave when "
                   "it is started again"};
    }
  }
  left_ = left;
}

Task<Status> Node::askToLeave(std::string hostPort, Deadline deadline) {
  co_await switchTo(loop_);
  if (hostPort.empty() || hostPort == settings_.hostPort) {
    auto may = co_await memberChanges_.mayLeave(deadline);
    if (may) beginLeaving();
    co_return may;
  }
  const ring::ViewPtr view = membership_.view();
  for (const NodeId node : view ? view->newest().present() : std::vector<NodeId>()) {
    if (peers_.nameOf(node) != hostPort) continue;
    auto asked = co_await peers_.ask(node, view, wire::Leave(), Body(), deadline);
    if (!asked && asked.error().kind == Kind::Unavailable) {
      co_return Error{Kind::Unavailable,
                      fmt::format("{} does not answer ({}): if it is dead, use remove", hostPort, asked.error().text)};
    }
    co_return asked ? Status() : Status(asked.error());
  }
  co_return Error{Kind::NotFound, "no member of this ring is " + hostPort};
}

/// What has begun may end by itself, within the time of a call; what would take longer is broken off.
Task<> Node::breakOffLater() {
  const Time patience = loop_.now() + settings_.timing.call;
  while (!stopped_ && loop_.now() < patience) co_await stop_.waitUntil(patience);
  if (!stopped_) co_await world_.transport.stop();
}

Task<> Node::stop() {
  stopping_ = true;
  stop_.notifyAll();
  hints_.stop();
  handoff_.stop();
  settler_.stop();
  prober_.stop();
  removeAfter_.stop();
  balancer_.stop();
  purger_.stop();
  diskWatch_.stop();
  mender_.stop();
  scrubber_.stop();
  actions_.stop();
  memberChanges_.breakOff();
  Gate breaker(loop_);
  breaker.spawn(breakOffLater());
  // Calls under way may still begin something in the background: that has to be over before the gates close.
  while (answering_ > 0) co_await sleepUntil(loop_.now() + kAnsweringPoll);
  co_await duties_.close();
  co_await filler_.stop();
  co_await prober_.stopped();
  co_await actions_.stopped();
  co_await handoff_.stopped();
  co_await settler_.stopped();
  co_await balancer_.stopped();
  co_await purger_.stopped();
  co_await memberChanges_.stop();
  co_await changes_.stop();
  for (std::size_t i = 0; i < coordinators_.size(); ++i) {
    co_await switchTo(*world_.loops[i]);
    co_await coordinators_[i]->stop();
    co_await listers_[i]->stop();
  }
  co_await copier_.stop();
  co_await switchTo(loop_);
  stopped_ = true;
  stop_.notifyAll();
  co_await breaker.close();
  started_ = false;
}

/// What this node has to ask of the others: to hold that a version is complete, and to know it as its options say.
Task<> Node::changeRing() {
  auto completed = co_await changes_.tryComplete(loop_.now() + 2 * settings_.timing.call);
  if (!completed) world_.journal.note(Severity::Info, "ring.waits", fmt::format("why=\"{}\"", completed.error().text));
  auto adjusted = co_await memberChanges_.adjustSelf(loop_.now() + settings_.timing.agreePatience);
  if (!adjusted)
    world_.journal.note(Severity::Info, "ring.not-adjusted", fmt::format("why=\"{}\"", adjusted.error().text));
}

Task<> Node::duties() {
  while (!stopping_) {
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(loop_.now() - startedAt_);
    uptimeSeconds_ = static_cast<std::uint32_t>(uptime.count());
    co_await gossipOnce();
    correctClock();
    if (membership_.confirmed()) co_await changeRing();
    staging_.discardOlderThan(loop_.now() - settings_.timing.stagedKept);
    co_await lookAtOwnPlace();
    if (stopping_ || !fatal_.empty()) break;
    co_await stop_.waitUntil(loop_.now() + dutyPause());
  }
}

/// Beside the other duties, since filling takes as long as there is much to fill.
Task<> Node::fillLoop() {
  while (!stopping_) {
    const StandingPtr before = membership_.standing();
    auto filled = co_await filler_.fill();
    if (!filled) world_.journal.note(Severity::Info, "fill.waits", fmt::format("why=\"{}\"", filled.error().text));
    if (stopping_) break;
    if (membership_.standing()->filled != before->filled) stop_.notifyAll();  // the other duties tell it at once
    co_await stop_.waitUntil(loop_.now() + dutyPause());
  }
}

Duration Node::dutyPause() const {
  const bool hurries = membership_.view()->changing() || memberChanges_.leaving() != wire::Leaving::No;
  return hurries ? settings_.timing.gossip / 4 : settings_.timing.gossip;
}

void Node::correctClock() {
  const std::int64_t before = wall_.correction();
  const std::vector<NodeId> members = membership_.view()->members();
  const ClockOffsets offsets = peers_.clockOffsets(members);
  wall_.correct(medianOf(offsets));
  clocks_.keepOnly(members);
  // Two clocks that differ do not say which is wrong: who knows one other waits for a third, if there is one.
  if (offsets.size() != 1 || members.size() == 2) tellClocks(offsets);
  const std::int64_t after = wall_.correction();
  if (before != after && (before == 0 || after == 0)) {
    world_.journal.note(after == 0 ? Severity::Info : Severity::Warn, "clock.corrected",
                        fmt::format("by_micros={} says=\"set this machine's clock\"", after));
  }
}

/// Whose clock is off, by what the ring's clocks say; this node's own is told when it is corrected.
void Node::tellClocks(const ClockOffsets& offsets) {
  for (const auto& [node, offset] : offsets) {
    if (node == membership_.self().node) continue;
    const bool isOff = wall_.isOff(offset);
    if (!clocks_.note(node, isOff)) continue;
    world_.journal.note(isOff ? Severity::Warn : Severity::Info, isOff ? "clock.off" : "clock.right",
                        fmt::format("node={} by_micros={}", peers_.nameOf(node), offset - wall_.correction()));
  }
}

}  // namespace mydht::cluster
