#include "server/cluster/scrubber.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "common/result/limits.h"
#include "server/store/rows.h"

namespace mydht::cluster {
namespace {

// A node that starts has other things to do first.
constexpr Duration kFirst = std::chrono::minutes(1);
// What a scan has met keeps a fill or a comparison waiting, but all rows are not read for it all the time.
constexpr Duration kBetweenUrgent = std::chrono::hours(1);
constexpr std::size_t kRowsAtOnce = 256 * 1024;
constexpr std::uint32_t kPageBytes = 128 * 1024;
// A disk that takes longer for one table, or one chunk, is in trouble of another kind.
constexpr Duration kDiskPatience = std::chrono::minutes(1);

}  // namespace

void Scrubber::stop() {
  stopping_ = true;
  throttle_.stop();
  wake_.notifyAll();
}

ScrubStatus Scrubber::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

Task<> Scrubber::run() {
  const Duration pause = settings_.timing.scrub;
  if (pause == Duration(0)) co_return;
  const Duration first = std::min(pause, kFirst);
  Time due = loop_.now() + first;
  Time urgentFrom{};
  while (!stopping_) {
    co_await pauseUntil(std::min(due, loop_.now() + kFirst));
    const bool may = !stopping_ && membership_.confirmed() && membership_.standing()->member;
    if (loop_.now() >= due) {
      if (may) co_await round();
      due = loop_.now() + (may ? pause : first);
    } else if (may && status().damagedTables == 0 && loop_.now() >= urgentFrom && store_.damage().takeScan()) {
      co_await checkRowsNow();
      urgentFrom = loop_.now() + kBetweenUrgent;
    }
  }
}

/// Damage that a scan has met, in rows that perhaps nobody reads by themselves, is not left to the next round.
Task<> Scrubber::checkRowsNow() {
  auto checked = co_await checkRows();
  if (checked || stopping_) co_return;
  journal_.note(Severity::Warn, "scrub.broken-off", fmt::format("why=\"{}\"", checked.error().text));
}

Task<> Scrubber::round() {
  findings_ = 0;
  {
    const std::lock_guard lock(mutex_);
    status_.running = true;
    status_.runningBytes = 0;
  }
  auto checked = co_await checkRows();
  store_.damage().takeScan();
  for (unsigned partition = 0; checked && partition < limits::kPartitions && !stopping_; ++partition) {
    if (store_.isEmpty(static_cast<PartitionId>(partition))) continue;
    auto values = co_await checkValues(static_cast<PartitionId>(partition));
    // One that cannot be read as a whole was found with the rows; the others can.
    if (!values && values.error().kind != Kind::Corrupt) checked = values;
  }
  if (stopping_) co_return;
  const std::lock_guard lock(mutex_);
  status_.running = false;
  if (!checked) {
    journal_.note(Severity::Warn, "scrub.broken-off", fmt::format("why=\"{}\"", checked.error().text));
    co_return;
  }
  ++status_.rounds;
  status_.endedMicros = clock_.wallMicros();
  status_.bytes = status_.runningBytes;
  status_.findings = findings_;
  journal_.note(findings_ == 0 ? Severity::Info : Severity::Warn, "scrub.done",
                fmt::format("bytes={} findings={}", status_.bytes, findings_));
}

void Scrubber::found(const std::string& what) {
  ++findings_;
  journal_.note(Severity::Warn, "scrub.found", what);
}

Task<Status> Scrubber::checkRows() {
  std::string from;
  std::uint64_t damaged = 0;
  do {
    auto checked = co_await disk_.check(std::move(from), loop_.now() + kDiskPatience);
    if (!checked) co_return checked.error();
    for (const auto& [first, end] : checked->damaged) {
      ++damaged;
      found("where=rows");
      co_await renew(first, end);
    }
    from = std::move(checked->next);
    co_await pay(checked->bytes);
  } while (!from.empty() && !stopping_);
  if (!stopping_) noteTables(damaged);
  co_return Status();
}

/// A table stays damaged after its rows were written anew, and scans meet it again.
void Scrubber::noteTables(std::uint64_t damaged) {
  const std::lock_guard lock(mutex_);
  status_.damagedTables = damaged;
}

Task<Status> Scrubber::checkValues(PartitionId partition) {
  Key after;
  do {
    auto page = co_await store_.iterate(partition, std::move(after), kRowsAtOnce, loop_.now() + kDiskPatience);
    if (!page) co_return page.error();
    std::uint64_t bytes = 0;
    for (const store::RowPtr& row : page->rows) {
      bytes += row->entry.key.size() + row->value.size();
      if (row->blob != 0 && !stopping_) co_await checkValue(row);
    }
    co_await pay(bytes);
    after = std::move(page->after);
  } while (!after.empty() && !stopping_);
  co_return Status();
}

/// The store notes what is damaged; here it is counted.
Task<> Scrubber::checkValue(store::RowPtr row) {
  const std::uint64_t size = row->entry.size;
  auto body = co_await store_.body(row, 0, size, loop_.now() + kDiskPatience);
  if (!body && body.error().kind == Kind::Corrupt) found("where=value");
  if (!body) co_return;
  const auto& region = std::get<Region>(*body);
  for (std::uint64_t at = 0; at < size && !stopping_; at += limits::kChunkBytes) {
    const std::uint64_t length = std::min<std::uint64_t>(limits::kChunkBytes, size - at);
    auto verified = co_await region.blob->verify(at, length, loop_.now() + kDiskPatience);
    co_await pay(length);
    if (verified) continue;
    if (verified.error().kind == Kind::Corrupt) found("where=value");
    co_return;
  }
}

/// Rows between these names may be lost, and those that are not lie in what is damaged: all are written anew.
Task<> Scrubber::renew(std::string from, std::string to) {
  const std::size_t prefix = 3;
  for (unsigned number = 0; number < limits::kPartitions && !stopping_; ++number) {
    const auto partition = static_cast<PartitionId>(number);
    if (store_.isEmpty(partition)) continue;
    if (store::entryRowsEnd(partition) <= from || store::entryRowAfter(partition, "").substr(0, prefix) >= to) continue;
    const ring::ViewPtr view = membership_.view();
    const std::span<const NodeId> all = view->newest().homes(partition);
    std::vector<NodeId> homes(all.begin(), all.end());
    std::erase(homes, membership_.self().node);
    for (const NodeId partner : peers_.promptFirst(std::move(homes), loop_.now())) {
      auto renewed = co_await renewFrom(partition, partner, from, to);
      if (renewed) break;
      journal_.note(Severity::Info, "scrub.waits",
                    fmt::format("node={} why=\"{}\"", peers_.nameOf(partner), renewed.error().text));
    }
  }
}

Task<Status> Scrubber::renewFrom(PartitionId partition, NodeId partner, const std::string& from,
                                 const std::string& to) {
  wire::EntryHeads heads{partition, 0, {0}, Key(), kPageBytes};
  while (!stopping_) {
    auto answer =
        co_await peers_.ask(partner, membership_.view(), heads, Body(), loop_.now() + 2 * settings_.timing.call);
    if (!answer) co_return answer.error();
    for (const Entry& entry : answer->answer.entries) {
      const std::string name = store::entryRowName(entry.key);
      if (name < from || name >= to || stopping_) continue;
      auto rewritten = co_await store_.rewrite(entry.key, loop_.now() + settings_.timing.call);
      if (!rewritten && rewritten.error().kind != Kind::Corrupt) co_return rewritten;
      co_await pay(entry.key.size() + entry.size);
    }
    if (answer->answer.over) co_return Status();
    if (answer->answer.entries.empty()) co_return Error{Kind::Unavailable, "a page that ends nowhere"};
    heads.after = answer->answer.entries.back().key;
  }
  co_return Error{Kind::Stopped, "this node is stopping"};
}

/// Waits until so many more bytes may be read.
Task<> Scrubber::pay(std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    status_.runningBytes += bytes;
  }
  co_await throttle_.pay(bytes);
}

Task<> Scrubber::pauseUntil(Time time) {
  while (!stopping_ && loop_.now() < time) co_await wake_.waitUntil(time);
}

}  // namespace mydht::cluster
