#include "server/store/hints.h"

#include <algorithm>
#include <limits>

#include "common/result/limits.h"
#include "server/wire/codec.h"

namespace mydht::store {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kNamePrefix = 1 + sizeof(NodeId);
// What waits to be written down: more than that is forgotten.
constexpr std::size_t kMostQueuedBytes = 4 * 1024 * 1024;
// A queued change beside its key.
constexpr std::size_t kChangeBytes = 200;
// For so long notes are gathered, so that one sync serves many.
constexpr Duration kGather = std::chrono::milliseconds(50);
constexpr std::size_t kPageBytes = 64 * 1024;

std::string rowsOf(NodeId node) {
  std::string name = "h";
  for (int shift = 56; shift >= 0; shift -= 8) name.push_back(static_cast<char>((node >> shift) & 0xff));
  return name;
}

std::string rowsEnd(NodeId node) {
  return node == std::numeric_limits<NodeId>::max() ? std::string("i") : rowsOf(node + 1);
}

}  // namespace

std::string hintRowName(NodeId node, std::string_view key) {
  return rowsOf(node).append(key);
}

Bytes encodeHintRow(const Hints::Hint& hint) {
  wire::Writer out;
  out.number(kFormat).version(hint.version).number(hint.notedMicros);
  return Bytes(out.take());
}

Result<std::pair<NodeId, Hints::Hint>> decodeHintRow(std::string_view name, std::string_view content) {
  NodeId node = 0;
  for (std::size_t i = 1; i < std::min(name.size(), kNamePrefix); ++i) {
    node = node << 8 | static_cast<unsigned char>(name[i]);
  }
  wire::Reader in(content);
  const auto format = in.number<std::uint8_t>();
  Hints::Hint hint;
  hint.key = name.substr(std::min(name.size(), kNamePrefix));
  hint.version = in.version();
  in.number(hint.notedMicros);
  const bool sound = format == kFormat && in.whole() && !hint.key.empty() && hint.key.size() <= limits::kKeyBytes;
  if (!sound || hintRowName(node, hint.key) != name) return Error{Kind::Corrupt, "a damaged hint"};
  return std::pair(node, std::move(hint));
}

Hints::Hints(Executor& loop, HintSettings settings, Disk& disk, Commits& commits, const Clock& clock)
    : loop_(loop), settings_(settings), disk_(disk), commits_(commits), clock_(clock), wake_(loop) {}

Task<Status> Hints::open(Deadline deadline) {
  std::string from = "h";
  do {
    auto page = co_await disk_.scan(std::move(from), "i", kPageBytes, deadline);
    if (!page) co_return page.error();
    for (const auto& [name, content] : page->rows) {
      const auto hint = decodeHintRow(name, content.view());
      if (!hint) co_return hint.error();
      count(hint->first, 1);
    }
    from = std::move(page->next);
  } while (!from.empty());
  co_return Status();
}

void Hints::count(NodeId node, std::int64_t change) {
  kept_ += static_cast<std::uint64_t>(change);
  const std::lock_guard lock(mutex_);
  std::uint64_t& counted = counts_[node];
  counted += static_cast<std::uint64_t>(change);
  if (counted == 0) counts_.erase(node);
}

std::map<NodeId, std::uint64_t> Hints::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Hints::note(NodeId node, Key key, const Version& version) {
  queue({node, std::move(key)}, version, &Change::noted);
}

void Hints::handed(NodeId node, Key key, const Version& version) {
  queue({node, std::move(key)}, version, &Change::handed);
}

void Hints::queue(Name name, const Version& version, std::optional<Version> Change::*which) {
  const std::size_t bytes = name.second.size() + kChangeBytes;
  if (queuedBytes_ + bytes > kMostQueuedBytes) {
    overflowed_ += which == &Change::noted ? 1 : 0;
    return;
  }
  const auto [at, isNew] = queued_.try_emplace(std::move(name));
  if (isNew) queuedBytes_ += bytes;
  std::optional<Version>& newest = at->second.*which;
  newest = std::max(newest.value_or(Version()), version);
  wake_.notifyAll();
}

void Hints::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

Task<> Hints::run() {
  while (!stopping_ || !queued_.empty()) {
    if (queued_.empty()) {
      co_await wake_.wait();
    } else {
      co_await sleepUntil(loop_.now() + kGather);
      queuedBytes_ = 0;
      co_await write(std::exchange(queued_, {}));
    }
  }
}

/// Alone writes notes, so that what is read is what is there when the batch is written.
Task<> Hints::write(Changes changes) {
  Batch batch;
  std::map<NodeId, std::int64_t> counted;
  for (const auto& [name, change] : changes) {
    std::string row = hintRowName(name.first, name.second);
    auto content = co_await disk_.get(row, Deadline::max());
    // What cannot be read is not what is not there: hash trees find what the change was about.
    if (!content) continue;
    std::optional<Version> kept;
    if (*content) {
      const auto hint = decodeHintRow(row, (*content)->view());
      if (!hint) continue;
      kept = hint->second.version;
    }
    counted[name.first] += apply(name, change, kept, batch);
  }
  if (batch.rows.empty()) co_return;
  // A batch that is lost is a disk that has failed: the node says so, and hash trees find what was noted in it.
  auto committed = co_await commits_.commit(std::move(batch));
  for (const auto& [node, change] : counted) {
    if (committed) count(node, change);
  }
}

/// Puts what becomes of a note into the batch; by how many notes there will be more.
std::int64_t Hints::apply(const Name& name, const Change& change, const std::optional<Version>& kept, Batch& batch) {
  std::optional<Version> wanted = kept;
  if (change.noted) wanted = std::max(kept.value_or(Version()), *change.noted);
  if (change.handed && wanted && *wanted <= *change.handed) wanted.reset();
  if (wanted == kept) return 0;
  if (!kept && kept_ + batch.rows.size() >= settings_.most) {
    ++overflowed_;
    return 0;
  }
  std::optional<Bytes> content;
  if (wanted) content = encodeHintRow({name.second, *wanted, clock_.wallMicros()});
  batch.rows.emplace_back(hintRowName(name.first, name.second), std::move(content));
  return (wanted ? 1 : 0) - (kept ? 1 : 0);
}

Task<Result<Hints::HintPage>> Hints::page(NodeId node, Key after, Deadline deadline) {
  std::string from = after.empty() ? rowsOf(node) : hintRowName(node, after) + '\0';
  auto read = co_await disk_.scan(std::move(from), rowsEnd(node), kPageBytes, deadline);
  if (!read) co_return read.error();
  HintPage page;
  for (const auto& [name, content] : read->rows) {
    auto hint = decodeHintRow(name, content.view());
    if (!hint) co_return hint.error();
    page.hints.push_back(std::move(hint->second));
  }
  if (!read->next.empty() && !page.hints.empty()) page.after = page.hints.back().key;
  co_return page;
}

}  // namespace mydht::store
