#include "server/cluster/balancer.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::cluster {
namespace {

// Each level of the tree asks about 32 parts of one that differs: three questions from the sum of everything to the
// partition, and about 400 bytes in each for a key that differs.
constexpr unsigned kBitsALevel = 5;
// Parts in one question: 13 KiB, and at most as many partitions to add up as there are.
constexpr std::size_t kPartsAtOnce = 1024;
// Leaves are made so small that one that differs has about this many entries.
constexpr std::uint64_t kEntriesALeaf = 8;
constexpr std::uint32_t kPageBytes = 128 * 1024;
constexpr std::size_t kReadBytes = 256 * 1024;
// Copies on their way at once: enough to hide the time of a call, few enough not to be in the clients' way.
constexpr unsigned kCopiesAtOnce = 8;
// A large body goes on as long as it moves; this is only the bound for one that never ends.
constexpr Duration kBodyMost = std::chrono::hours(1);
// Rounds of gossip after which a comparison that did not say everything is tried again.
constexpr int kTryAgainRounds = 5;

/// The parts one level below go among those to be looked into; a partition has none.
void divide(const wire::TreePart& part, std::vector<wire::TreePart>& open) {
  const unsigned bits = std::min<unsigned>(kBitsALevel, limits::kPartitionBits - part.depth);
  for (std::uint32_t i = 0; bits > 0 && i < (1U << bits); ++i) {
    open.push_back({static_cast<std::uint8_t>(part.depth + bits), (part.prefix << bits) | i, 0});
  }
}

}  // namespace

/// One comparison with one partner; shared by it and the copies that it has set going.
struct Balancer::Pass {
  Pass(Executor& executor, NodeId with) : partner(with), changed(executor) {}
  const NodeId partner;
  StandingPtr standing;
  bool paced = false;
  wire::ActionCounts counts;
  Status outcome;       // the first thing that went wrong
  bool unsaid = false;  // of some partitions one of both could not speak
  /// Partitions that differ, and what is under way to make them equal.
  struct Differing {
    unsigned copying = 0;
    bool walked = false;  // nothing more will be copied
    bool failed = false;
  };
  std::map<PartitionId, Differing> differing;
  unsigned copying = 0;
  std::uint64_t differences = 0;
  Signal changed;
};

Balancer::Balancer(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers,
                   TreeAnswers& trees, Copier& copier, store::Store& store, Random& random, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      trees_(trees),
      copier_(copier),
      store_(store),
      random_(random),
      journal_(journal),
      throttle_(loop, settings.fillBytesPerSecond),
      wake_(loop),
      background_(loop) {}

void Balancer::stop() {
  stopping_ = true;
  throttle_.stop();
  wake_.notifyAll();
}

Task<Balancer::Outcome> Balancer::balanceAll() {
  Outcome outcome;
  const std::vector<NodeId> nodes = partners();
  for (const NodeId partner : nodes) {
    auto done = co_await balanceWith(partner, false, outcome.counts);
    if (done) continue;
    const std::string why = fmt::format("{}: {}", peers_.nameOf(partner), done.error().text);
    outcome.problem += outcome.problem.empty() ? why : "; " + why;
  }
  co_return outcome;
}

Task<> Balancer::run() {
  if (settings_.timing.balance == Duration(0)) co_return;
  next_ = later();
  background_.spawn(watch());
  while (!stopping_) {
    const std::optional<NodeId> partner = nextPartner();
    if (partner) {
      wire::ActionCounts counts;
      auto done = co_await balanceWith(*partner, true, counts);
      const auto severity = counts == wire::ActionCounts() && done ? Severity::Debug : Severity::Info;
      journal_.note(severity, "balance.done",
                    fmt::format("with={} taken={} sent={}{}", peers_.nameOf(*partner), counts.taken, counts.sent,
                                done ? "" : fmt::format(" why=\"{}\"", done.error().text)));
    }
    if (!stopping_) co_await wake_.waitUntil(loop_.now() + settings_.timing.gossip);
  }
}

/// Beside the comparisons, which may take long.
Task<> Balancer::watch() {
  while (!stopping_) {
    lookAround();
    co_await wake_.waitUntil(loop_.now() + settings_.timing.gossip);
  }
}

/// Who is home to some partition together with this node, in order: with nobody else there is anything to compare, and
/// in a large ring most share nothing.
const std::vector<NodeId>& Balancer::partners() {
  const ring::ViewPtr view = membership_.view();
  if (view == partnersIn_) return partners_;
  partnersIn_ = view;
  const NodeId self = membership_.self().node;
  std::set<NodeId> nodes;
  for (std::size_t i = 0; view && i < limits::kPartitions; ++i) {
    const auto homes = view->newest().homes(static_cast<PartitionId>(i));
    if (std::ranges::find(homes, self) != homes.end()) nodes.insert(homes.begin(), homes.end());
  }
  nodes.erase(self);
  partners_.assign(nodes.begin(), nodes.end());
  return partners_;
}

/// Half to one and a half times the pause, so that nodes that were started together do not go on together.
Time Balancer::later() {
  const auto pause = static_cast<std::uint64_t>(settings_.timing.balance.count());
  return loop_.now() + settings_.timing.balance / 2 + Duration(static_cast<std::int64_t>(random_.next() % pause));
}

/// A member that did not answer and does again has missed something, as may one that was not compared with before.
void Balancer::lookAround() {
  const ring::ViewPtr view = membership_.view();
  if (!view) return;
  const std::vector<NodeId>& nodes = partners();
  std::erase_if(known_,
                [&](const auto& entry) { return !std::binary_search(nodes.begin(), nodes.end(), entry.first); });
  agreement_.keepOnly(nodes);
  for (const NodeId node : nodes) {
    const bool answers = peers_.usable(node);
    const std::uint64_t failures = peers_.health(node).failures;
    Partner& partner = known_[node];
    if (!answers) agreement_.absent(node);
    if (!answers) returned_.erase(node);
    if (answers && (!partner.answers || partner.failures != failures)) {
      agreement_.present(node);
      partner.tryAgainAt = loop_.now();
    }
    partner.answers = answers;
    partner.failures = failures;
    if (answers && !agreement_.compared(node) && loop_.now() >= partner.tryAgainAt) returned_.insert(node);
  }
  agreement_.count(view->newest(), membership_.self().node, loop_.now());
}

std::optional<NodeId> Balancer::nextPartner() {
  const StandingPtr standing = membership_.standing();
  if (!membership_.confirmed() || !standing->member) return std::nullopt;
  const std::vector<NodeId>& nodes = partners();
  std::erase_if(returned_, [&](NodeId node) { return !std::binary_search(nodes.begin(), nodes.end(), node); });
  if (!returned_.empty()) {
    const NodeId partner = *returned_.begin();
    returned_.erase(partner);
    return partner;
  }
  if (loop_.now() < next_) return std::nullopt;
  next_ = later();
  if (nodes.empty()) return std::nullopt;
  const auto after = std::upper_bound(nodes.begin(), nodes.end(), last_);
  last_ = after == nodes.end() ? nodes.front() : *after;
  if (!peers_.usable(last_)) return std::nullopt;  // when it answers again, it has returned
  return last_;
}

Task<Status> Balancer::balanceWith(NodeId partner, bool paced, wire::ActionCounts& counts) {
  while (pass_ && !stopping_) {
    if (!paced) pass_->paced = false;  // somebody waits for it now
    co_await wake_.wait();
  }
  if (stopping_) co_return Error{Kind::Stopped, "this node is stopping"};
  const auto pass = pass_ = std::make_shared<Pass>(loop_, partner);
  pass->standing = membership_.standing();
  pass->paced = paced;
  const std::uint64_t epoch = agreement_.epoch(partner);
  auto done = co_await compareAll(pass);
  while (pass->copying > 0) co_await pass->changed.wait();
  counts.taken += pass->counts.taken;
  counts.sent += pass->counts.sent;
  if (done) done = pass->outcome;
  if (done && !pass->unsaid) agreement_.finished(partner, epoch, loop_.now());
  if (const auto at = known_.find(partner); at != known_.end())
    at->second.tryAgainAt = loop_.now() + kTryAgainRounds * settings_.timing.gossip;
  pass_ = nullptr;
  wake_.notifyAll();
  co_return done;
}

Task<Status> Balancer::compareAll(PassPtr pass) {
  if (!membership_.confirmed() || !pass->standing->member)
    co_return Error{Kind::Unavailable, "this node does not vote in its ring yet"};
  auto compared = co_await compareParts(pass);
  if (!compared) co_return compared;
  // All of it is known before anything is done about it, so that people can be told how much it is.
  std::vector<PartitionId> differing;
  for (const auto& [partition, state] : pass->differing) differing.push_back(partition);
  agreement_.found(pass->partner, differing);
  auto balanced = co_await balanceDiffering(pass);
  co_return balanced;
}

/// Finds out which partitions differ.
Task<Status> Balancer::compareParts(PassPtr pass) {
  Parts open{{0, 0, 0}};
  while (!open.empty()) {
    if (stopping_) co_return Error{Kind::Stopped, "this node is stopping"};
    const Time begun = loop_.now();
    auto parts = co_await summed(pass, open);
    if (!parts) co_return parts.error();
    auto compared = co_await ask(pass, *parts);
    if (!compared) co_return compared.error();
    co_await pace(pass, begun);
    for (std::size_t i = 0; i < parts->size(); ++i) {
      const wire::TreePart& part = (*parts)[i];
      if ((*compared)[i] == wire::Compared::Equal) continue;
      divide(part, open);
      if (part.depth < limits::kPartitionBits) continue;
      if ((*compared)[i] == wire::Compared::CannotSay) {
        pass->unsaid = true;
      } else {
        pass->differing.try_emplace(static_cast<PartitionId>(part.prefix));
      }
    }
  }
  co_return Status();
}

Task<Status> Balancer::balanceDiffering(PassPtr pass) {
  std::vector<PartitionId> differing;
  for (const auto& [partition, state] : pass->differing) differing.push_back(partition);
  for (const PartitionId partition : differing) {
    if (stopping_) co_return Error{Kind::Stopped, "this node is stopping"};
    auto balanced = co_await balancePartition(pass, partition);
    if (!balanced) co_return balanced;
    pass->differing[partition].walked = true;
    settleIfEqual(pass, partition);
  }
  co_return Status();
}

/// Adds up some of the parts that are still to be looked into. What cannot be added up here as a whole is divided; a
/// partition that cannot is left out.
Task<Result<Balancer::Parts>> Balancer::summed(PassPtr pass, Parts& open) {
  Parts parts;
  const Deadline deadline = loop_.now() + settings_.timing.call;
  while (!open.empty() && parts.size() < kPartsAtOnce) {
    wire::TreePart part = open.back();
    open.pop_back();
    auto sum = co_await trees_.sumOf(pass->standing, pass->partner, part.depth, part.prefix, deadline);
    if (!sum) co_return sum.error();
    if (*sum) {
      part.digest = **sum;
      parts.push_back(part);
    } else {
      divide(part, open);
      if (part.depth == limits::kPartitionBits) pass->unsaid = true;
    }
  }
  co_return parts;
}

Task<Result<std::vector<wire::Compared>>> Balancer::ask(PassPtr pass, Parts parts) {
  const std::size_t asked = parts.size();
  if (asked == 0) co_return std::vector<wire::Compared>();
  wire::CompareTrees message{std::move(parts)};
  const Deadline deadline = loop_.now() + 2 * settings_.timing.call;
  auto answer = co_await peers_.ask(pass->partner, pass->standing->view, std::move(message), Body(), deadline);
  if (!answer) co_return answer.error();
  if (answer->answer.parts.size() != asked) co_return Error{Kind::Unavailable, "an answer to another question"};
  co_return std::move(answer->answer.parts);
}

Task<Status> Balancer::balancePartition(PassPtr pass, PartitionId partition) {
  const store::Totals held = store_.totals(partition);
  unsigned bits = 0;
  while (bits < wire::kMostLeafBits && (held.keys + held.tombstones) >> bits > kEntriesALeaf) ++bits;
  wire::EntryHeads heads{partition, static_cast<std::uint8_t>(bits), {0}, Key(), kPageBytes};
  if (bits > 0) {
    auto leaves = co_await differingLeaves(pass, partition, bits);
    if (!leaves) co_return leaves.error();
    if (leaves->empty()) co_return Status();
    heads.leaves = std::move(*leaves);
  }
  const std::uint64_t before = pass->differences;
  auto balanced = co_await balanceLeaves(pass, std::move(heads));
  // Different sums of equal entries: the sum that is kept here may be wrong, and costs little to add up again.
  if (balanced && pass->differences == before) store_.forgetDigest(partition);
  co_return balanced;
}

Task<Result<std::vector<std::uint16_t>>> Balancer::differingLeaves(PassPtr pass, PartitionId partition, unsigned bits) {
  const Time begun = loop_.now();
  auto sums = co_await store_.leaves(partition, bits, begun + settings_.timing.call);
  if (!sums) co_return sums.error();
  Parts parts;
  for (std::uint32_t leaf = 0; leaf < sums->size(); ++leaf) {
    const auto depth = static_cast<std::uint8_t>(limits::kPartitionBits + bits);
    parts.push_back({depth, (std::uint32_t{partition} << bits) | leaf, (*sums)[leaf]});
  }
  auto compared = co_await ask(pass, std::move(parts));
  if (!compared) co_return compared.error();
  co_await pace(pass, begun);
  std::vector<std::uint16_t> differing;
  for (std::size_t leaf = 0; leaf < compared->size(); ++leaf) {
    if ((*compared)[leaf] == wire::Compared::Differs) differing.push_back(static_cast<std::uint16_t>(leaf));
  }
  co_return differing;
}

Task<Status> Balancer::balanceLeaves(PassPtr pass, wire::EntryHeads heads) {
  while (!stopping_) {
    const Time begun = loop_.now();
    const Deadline deadline = begun + 2 * settings_.timing.call;
    auto answer = co_await peers_.ask(pass->partner, pass->standing->view, heads, Body(), deadline);
    if (!answer) co_return answer.error();
    wire::EntryHeadsAnswer& page = answer->answer;
    if (page.entries.empty() && !page.over) co_return Error{Kind::Unavailable, "a page that ends nowhere"};
    const bool over = page.over;
    const Key last = page.entries.empty() ? Key() : page.entries.back().key;
    auto settled = co_await settlePage(pass, heads, std::move(page));
    co_await pace(pass, begun);
    if (!settled || over) co_return settled;
    heads.after = last;
  }
  co_return Error{Kind::Stopped, "this node is stopping"};
}

/// Compares one page of the partner's entries with what lies here between its ends.
Task<Status> Balancer::settlePage(PassPtr pass, const wire::EntryHeads& heads, wire::EntryHeadsAnswer page) {
  auto heard = co_await hearSettled(pass, heads.partition, page.settled);
  if (!heard) co_return heard;
  std::map<Key, Entry> theirs;
  const Key last = page.over ? Key() : page.entries.back().key;
  for (Entry& entry : page.entries) {
    const bool skipped = settings_.bugs.balanceSkipsTombstones && entry.tombstone;
    const bool ignored = skipped || mayReap(entry, store_.settled(heads.partition));
    if (!ignored) theirs.emplace(entry.key, std::move(entry));
  }
  Key after = heads.after;
  bool beyond = false;
  do {
    auto rows = co_await store_.iterate(heads.partition, after, kReadBytes, loop_.now() + settings_.timing.call);
    if (!rows) co_return rows.error();
    for (const store::RowPtr& row : rows->rows) {
      beyond = !page.over && row->entry.key > last;
      if (beyond) break;
      const auto leaf = static_cast<std::uint16_t>(store::leafOf(row->entry.key, heads.leafBits));
      if (!std::binary_search(heads.leaves.begin(), heads.leaves.end(), leaf)) continue;
      co_await settleOne(pass, row, theirs, page.settled);
    }
    after = std::move(rows->after);
  } while (!beyond && !after.empty());
  for (auto& [key, entry] : theirs) co_await spawnFetch(pass, std::move(entry), page.settled);
  co_return Status();
}

/// The partner has settled what this node missed to settle: both were equal up to there when it was.
Task<Status> Balancer::hearSettled(PassPtr pass, PartitionId partition, Version settled) {
  const bool only = !pass->standing->view->changing() && membership_.view() == pass->standing->view;
  if (!only || settled <= store_.settled(partition)) co_return Status();
  auto raised = co_await store_.raise({{partition, Marks{settled, settled}}});
  if (!raised) co_return raised;
  auto reaped = co_await store_.reap(partition, store_.settled(partition), loop_.now() + settings_.timing.call);
  co_await switchTo(loop_);
  if (!reaped) co_return reaped.error();
  co_return Status();
}

Task<> Balancer::settleOne(PassPtr pass, store::RowPtr row, std::map<Key, Entry>& theirs, Version settled) {
  if (mayReap(row->entry, store_.settled(partitionOf(row->entry.key)))) co_return;
  if (settings_.bugs.balanceSkipsTombstones && row->entry.tombstone) co_return;
  const auto at = theirs.find(row->entry.key);
  if (at == theirs.end()) {
    co_await spawnSend(pass, row);
    co_return;
  }
  Entry entry = std::move(at->second);
  theirs.erase(at);
  const auto order = compareEntries(row->entry, entry);
  if (order > 0) co_await spawnSend(pass, row);
  if (order < 0) co_await spawnFetch(pass, std::move(entry), settled);
}

void Balancer::copied(PassPtr pass, const Key& key, const Status& outcome) {
  const PartitionId partition = partitionOf(key);
  Pass::Differing& state = pass->differing[partition];
  --state.copying;
  state.failed = state.failed || !outcome;
  if (!outcome && pass->outcome) pass->outcome = outcome;
  settleIfEqual(pass, partition);
  --pass->copying;
  pass->changed.notifyAll();
}

void Balancer::settleIfEqual(PassPtr pass, PartitionId partition) {
  const Pass::Differing& state = pass->differing[partition];
  if (state.walked && state.copying == 0 && !state.failed) agreement_.settled(pass->partner, partition);
}

/// By itself a balance moves what differs no faster than a disk is filled.
Task<> Balancer::beginCopying(PassPtr pass, const Entry& entry) {
  if (pass->paced) co_await throttle_.pay(entry.key.size() + entry.size);
  while (pass->copying >= kCopiesAtOnce) co_await pass->changed.wait();
  ++pass->copying;
  ++pass->differences;
  ++pass->differing[partitionOf(entry.key)].copying;
}

Task<> Balancer::spawnFetch(PassPtr pass, Entry entry, Version settled) {
  co_await beginCopying(pass, entry);
  background_.spawn(fetch(pass, std::move(entry), settled));
}

Task<> Balancer::fetch(PassPtr pass, Entry entry, Version settled) {
  const Key key = entry.key;
  const Deadline deadline = loop_.now() + kBodyMost;
  auto fetched = co_await copier_.fetch(std::move(entry), pass->partner, wire::From::Repair, settled, deadline);
  // Conflict: it was replaced there meanwhile, and its writer brings the newer one.
  const bool replaced = !fetched && fetched.error().kind == Kind::Conflict;
  if (fetched) ++pass->counts.taken;
  copied(pass, key, replaced ? Status() : fetched);
}

Task<> Balancer::spawnSend(PassPtr pass, store::RowPtr row) {
  co_await beginCopying(pass, row->entry);
  background_.spawn(send(pass, std::move(row)));
}

Task<> Balancer::send(PassPtr pass, store::RowPtr row) {
  const Version settled = store_.settled(partitionOf(row->entry.key));
  auto sent = co_await copier_.send(row, pass->partner, pass->standing->view, wire::From::Repair, settled);
  if (sent) ++pass->counts.sent;
  copied(pass, row->entry.key, sent);
}

/// By itself a balance works at most half of the time.
Task<> Balancer::pace(PassPtr pass, Time begun) {
  if (!pass->paced || stopping_) co_return;
  const Time now = loop_.now();
  const Time until = now + std::min<Duration>(now - begun, std::chrono::seconds(1));
  co_await sleepUntil(until);
}

}  // namespace mydht::cluster
