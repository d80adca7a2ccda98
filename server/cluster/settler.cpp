#include "server/cluster/settler.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::cluster {
namespace {

// Partitions settled in one round: each is read at all of its home nodes.
constexpr std::size_t kARound = 256;
// For so many times as long as a group of partitions took does this node rest then: nobody waits for it.
constexpr int kRestsPerWork = 4;
// Tombstones of one partition are dropped one after the other; this is only the bound for a disk that hangs.
constexpr Duration kReapMost = std::chrono::minutes(1);

// So many partitions are named to people, of more the number is told.
constexpr std::size_t kNamed = 8;

/// "3 partitions (7, 12, 90)"
std::string namesOf(const std::vector<PartitionId>& partitions) {
  std::string names =
      fmt::format("{}", fmt::join(partitions.begin(), partitions.begin() + std::min(kNamed, partitions.size()), ", "));
  if (partitions.size() > kNamed) names += ", ...";
  return fmt::format("{} partition{} ({})", partitions.size(), partitions.size() == 1 ? "" : "s", names);
}

}  // namespace

Settler::Settler(Executor& loop, const Settings& settings, const Clock& clock, const Membership& membership,
                 Peers& peers, TreeAnswers& trees, store::Store& store, Journal& journal)
    : loop_(loop),
      settings_(settings),
      clock_(clock),
      membership_(membership),
      peers_(peers),
      trees_(trees),
      store_(store),
      journal_(journal),
      wake_(loop),
      background_(loop) {}

void Settler::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

std::map<NodeId, std::string> Settler::waitsFor() const {
  const std::lock_guard lock(mutex_);
  std::map<NodeId, std::string> texts;
  for (const auto& [home, waiting] : waitsFor_) texts.emplace(home, textOf(waiting));
  return texts;
}

std::string Settler::textOf(const Waiting& waiting) {
  std::map<Why, Partitions> by;
  for (const auto& [partition, why] : waiting.partitions) by[why].push_back(partition);
  std::string text;
  for (const auto& [why, partitions] : by) {
    if (!text.empty()) text += "; ";
    text += namesOf(partitions) + ": ";
    text += why == Why::Silent     ? waiting.error
            : why == Why::Unfilled ? "it has to fill first"
                                   : "it holds something else";
  }
  return text;
}

bool Settler::isFilledHome(const Standing& standing, PartitionId partition) const {
  return standing.hasFilled(partition) && standing.view->newest().isHome(membership_.self().node, partition);
}

Task<> Settler::run() {
  if (settings_.timing.settling == Duration(0)) co_return;
  while (!stopping_) {
    co_await wake_.waitUntil(loop_.now() + settings_.timing.settling);
    const ring::ViewPtr view = membership_.view();
    keepOnly(view);
    std::map<Homes, Partitions> groups = turns();
    for (auto& [homes, partitions] : groups) {
      if (stopping_) break;
      const Time began = loop_.now();
      co_await settleGroup(view, homes, std::move(partitions));
      co_await wake_.waitUntil(loop_.now() + kRestsPerWork * (loop_.now() - began));
    }
    ++round_;
  }
}

/// The partitions with tombstones in which it is this node's turn, with those of the same home nodes together.
std::map<Settler::Homes, Settler::Partitions> Settler::turns() {
  std::map<Homes, Partitions> groups;
  const StandingPtr standing = membership_.standing();
  if (!standing->view || !standing->member || standing->view->changing()) return groups;
  std::size_t found = 0;
  for (std::size_t i = 0; i < limits::kPartitions && found < kARound; ++i) {
    const auto partition = static_cast<PartitionId>(next_);
    next_ = (next_ + 1) % limits::kPartitions;
    if (store_.totals(partition).tombstones == 0 || !isFilledHome(*standing, partition)) continue;
    const auto span = standing->view->newest().homes(partition);
    const Homes homes(span.begin(), span.end());
    const auto self = std::find(homes.begin(), homes.end(), membership_.self().node);
    if ((round_ + static_cast<std::uint64_t>(self - homes.begin())) % homes.size() != 0) continue;
    Partitions& group = groups[homes];
    if (group.size() >= wire::kMostSettled) continue;
    group.push_back(partition);
    ++found;
  }
  return groups;
}

void Settler::noteAnswer(NodeId home, const Partitions& partitions, const Result<wire::CloseAnswer>& answer) {
  const std::lock_guard lock(mutex_);
  const bool wasThere = waitsFor_.contains(home);
  Waiting& waiting = waitsFor_[home];
  if (!answer) waiting.error = answer.error().text;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (answer && answer->partitions[i].can) {
      waiting.partitions.erase(partitions[i]);
    } else {
      waiting.partitions[partitions[i]] = answer ? Why::Unfilled : Why::Silent;
    }
  }
  tellOfNew(home, wasThere);
}

void Settler::noteDiffering(NodeId home, const Partitions& partitions, const wire::CloseAnswer& own,
                            const wire::CloseAnswer& theirs) {
  const std::lock_guard lock(mutex_);
  const bool wasThere = waitsFor_.contains(home);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const bool bothCan = own.partitions[i].can && theirs.partitions[i].can;
    if (bothCan && own.partitions[i] != theirs.partitions[i]) {
      waitsFor_[home].partitions[partitions[i]] = Why::Differs;
    }
  }
  tellOfNew(home, wasThere);
}

/// With mutex_ held.
void Settler::tellOfNew(NodeId home, bool wasThere) {
  const auto at = waitsFor_.find(home);
  if (at == waitsFor_.end()) return;
  if (at->second.partitions.empty()) {
    waitsFor_.erase(at);
  } else if (!wasThere) {
    journal_.note(Severity::Info, "settle.waits",
                  fmt::format("node={} why=\"{}\"", peers_.nameOf(home), textOf(at->second)));
  }
}

/// Nobody is waited for where it is no home any more, nor where there are no tombstones.
void Settler::keepOnly(const ring::ViewPtr& view) {
  const std::lock_guard lock(mutex_);
  for (auto& [home, waiting] : waitsFor_) {
    std::erase_if(waiting.partitions, [&, node = home](const auto& held) {
      return !view || !view->newest().isHome(node, held.first) || store_.totals(held.first).tombstones == 0;
    });
  }
  std::erase_if(waitsFor_, [](const auto& waited) { return waited.second.partitions.empty(); });
}

/// Up to where partitions may be closed now, by the clock among these that is furthest behind: its node would refuse
/// what is still to come for it.
Version Settler::oldEnough(const Homes& homes) const {
  const auto age = std::chrono::duration_cast<std::chrono::microseconds>(settings_.timing.settleAge).count();
  std::int64_t behind = 0;
  for (const auto& [node, offset] : peers_.clockOffsets(homes)) behind = std::min(behind, offset);
  return Version{std::max<std::int64_t>(0, clock_.wallMicros() - age + behind), 0, 0, 0};
}

Task<> Settler::settleGroup(ring::ViewPtr view, Homes homes, Partitions partitions) {
  if (settings_.bugs.reapByAge) {
    co_await reap(std::move(partitions));
    co_return;
  }
  const wire::Close question{partitions, oldEnough(homes)};
  std::map<NodeId, wire::CloseAnswer> answers;
  for (const NodeId home : homes) {
    auto answer = co_await askToClose(home, view, question);
    noteAnswer(home, partitions, answer);
    if (!answer && settings_.bugs.settleWithoutAll) continue;
    if (!answer) co_return;
    answers.emplace(home, std::move(*answer));
  }
  if (answers.empty()) co_return;
  std::vector<wire::Closed> agreed = answers.begin()->second.partitions;
  const auto own = answers.find(membership_.self().node);
  for (const auto& [home, answer] : answers) {
    if (own != answers.end()) noteDiffering(home, partitions, own->second, answer);
    for (std::size_t i = 0; i < agreed.size() && !settings_.bugs.settleWithoutComparing; ++i) {
      if (answer.partitions[i] != agreed[i]) agreed[i].can = false;
    }
  }
  wire::Settle settle{{}, question.upTo};
  for (std::size_t i = 0; i < agreed.size(); ++i) {
    if (agreed[i].can) settle.partitions.push_back({partitions[i], agreed[i].digest});
  }
  if (settle.partitions.empty()) co_return;
  for (const NodeId home : homes) {
    auto told = co_await tell(home, view, settle);
    if (!told) noteAnswer(home, partitions, told.error());
  }
}

Task<Result<wire::CloseAnswer>> Settler::askToClose(NodeId home, ring::ViewPtr view, wire::Close message) {
  const Deadline deadline = loop_.now() + 2 * settings_.timing.call;
  const std::size_t asked = message.partitions.size();
  wire::CloseAnswer closed;
  if (home == membership_.self().node) {
    auto answer = co_await close(peers_.speaker(view), std::move(message), deadline);
    if (!answer) co_return answer.error();
    closed = std::move(*answer);
  } else {
    auto answer = co_await peers_.ask(home, std::move(view), std::move(message), Body(), deadline);
    if (!answer) co_return answer.error();
    closed = std::move(answer->answer);
  }
  if (closed.partitions.size() != asked) co_return Error{Kind::Unavailable, "an answer to another question"};
  co_return closed;
}

Task<Status> Settler::tell(NodeId home, ring::ViewPtr view, wire::Settle message) {
  const Deadline deadline = loop_.now() + 2 * settings_.timing.call;
  if (home == membership_.self().node) {
    auto settled = co_await settle(peers_.speaker(view), std::move(message), deadline);
    co_return settled;
  }
  auto answer = co_await peers_.ask(home, std::move(view), std::move(message), Body(), deadline);
  if (!answer) co_return answer.error();
  co_return Status();
}

/// Both may take part only while one version is active and both know it as the complete one.
Task<Result<StandingPtr>> Settler::agreeWith(wire::Speaker from, Deadline deadline) {
  auto standing = co_await trees_.agree(from, deadline);
  if (!standing) co_return standing.error();
  if ((*standing)->view->changing()) co_return Error{Kind::Unavailable, "the ring is changing"};
  co_return standing;
}

Task<Result<wire::CloseAnswer>> Settler::close(wire::Speaker from, wire::Close message, Deadline deadline) {
  auto standing = co_await agreeWith(from, deadline);
  if (!standing) co_return standing.error();
  if (message.upTo.physicalMicros > clock_.wallMicros())
    co_return Error{Kind::BadRequest, "a partition cannot be closed up to a time that is still to come"};
  std::map<PartitionId, Marks> marks;
  for (const PartitionId partition : message.partitions) {
    if (isFilledHome(**standing, partition)) marks[partition].closed = message.upTo;
  }
  auto raised = co_await store_.raise(marks);
  if (!raised) co_return raised.error();
  wire::CloseAnswer answer;
  for (const PartitionId partition : message.partitions) {
    wire::Closed& closed = answer.partitions.emplace_back();
    if (!marks.contains(partition)) continue;
    auto digest = co_await store_.digestUpTo(partition, message.upTo, deadline);
    if (!digest) co_return digest.error();
    closed = {true, *digest};
  }
  co_await switchTo(loop_);
  if (const Status same = trees_.changedSince(**standing); !same) co_return same.error();
  co_return answer;
}

Task<Status> Settler::settle(wire::Speaker from, wire::Settle message, Deadline deadline) {
  auto standing = co_await agreeWith(from, deadline);
  if (!standing) co_return standing.error();
  std::map<PartitionId, Marks> marks;
  for (const wire::Settled& one : message.partitions) {
    if (!isFilledHome(**standing, one.partition)) continue;
    auto digest = co_await store_.digestUpTo(one.partition, message.upTo, deadline);
    if (!digest) co_return digest.error();
    const bool same = *digest == one.digest && store_.closed(one.partition) >= message.upTo;
    if (same || settings_.bugs.settleWithoutComparing || settings_.bugs.settleWithoutAll) {
      marks[one.partition] = {message.upTo, message.upTo};
    }
  }
  co_await switchTo(loop_);
  if (const Status same = trees_.changedSince(**standing); !same) co_return same;
  auto raised = co_await store_.raise(marks);
  if (!raised) co_return raised;
  co_await switchTo(loop_);
  Partitions partitions;
  for (const auto& [partition, mark] : marks) partitions.push_back(partition);
  if (!stopping_) background_.spawn(reap(std::move(partitions)));
  co_return Status();
}

Task<> Settler::reap(Partitions partitions) {
  std::uint64_t all = 0;
  for (const PartitionId partition : partitions) {
    if (stopping_ || store_.totals(partition).tombstones == 0) continue;
    const Version mark = settings_.bugs.reapByAge ? oldEnough({}) : store_.settled(partition);
    auto reaped = co_await store_.reap(partition, mark, loop_.now() + kReapMost);
    co_await switchTo(loop_);
    if (!reaped) {
      journal_.note(Severity::Warn, "settle.reap",
                    fmt::format("partition={} why=\"{}\"", partition, reaped.error().text));
      continue;
    }
    all += *reaped;
  }
  if (all > 0) journal_.note(Severity::Debug, "settle.reaped", fmt::format("tombstones={}", all));
}

}  // namespace mydht::cluster
