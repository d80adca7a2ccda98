#include "server/cluster/mender.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/result/limits.h"
#include "common/ring/quorum.h"
#include "common/version/marks.h"

namespace mydht::cluster {
namespace {

// A large body goes on as long as it moves; this is only the bound for one that never ends.
constexpr Duration kBodyMost = std::chrono::hours(1);

/// A key as one word of a line: what is no plain letter, digit or mark stands there percent-encoded.
std::string shown(const Key& key) {
  std::string text;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte > 0x20 && byte < 0x7f && c != '%' && c != '"';
    text += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return text;
}

}  // namespace

void Mender::stop() {
  stopping_ = true;
  wake_.notifyAll();
}

Task<> Mender::run() {
  while (!stopping_) {
    takeUp();
    if (membership_.confirmed() && membership_.standing()->member) co_await mendDue();
    if (!stopping_) co_await wake_.waitUntil(loop_.now() + settings_.timing.gossip / 4);
  }
}

void Mender::takeUp() {
  for (Key& key : store_.damage().take()) {
    ++found_;
    journal_.note(Severity::Warn, "corruption.found", fmt::format("key={}", shown(key)));
    due_.emplace(std::move(key), Due{loop_.now(), settings_.timing.gossip / 4});
  }
  waiting_ = due_.size();
}

Task<> Mender::mendDue() {
  std::vector<Key> keys;
  for (const auto& [key, due] : due_) {
    if (due.at <= loop_.now()) keys.push_back(key);
  }
  for (const Key& key : keys) {
    if (stopping_) co_return;
    auto mended = co_await mend(key);
    if (mended) {
      ++repaired_;
      due_.erase(key);
      store_.damage().repaired(key);
      journal_.note(Severity::Info, "corruption.repaired", fmt::format("key={}", shown(key)));
    } else {
      Due& due = due_.at(key);
      due = {loop_.now() + due.pause, std::min(2 * due.pause, settings_.timing.mend)};
      journal_.note(Severity::Warn, "corruption.waits",
                    fmt::format("key={} why=\"{}\"", shown(key), mended.error().text));
    }
    waiting_ = due_.size();
  }
}

Task<Status> Mender::mend(Key key) {
  auto row = co_await store_.row(key, loop_.now() + settings_.timing.call);
  if (!row && row.error().kind == Kind::Corrupt) {
    auto mended = co_await mendRow(std::move(key));
    co_return mended;
  }
  if (!row) co_return row.error();
  if (!*row || (*row)->blob == 0) co_return Status();
  auto checked = co_await check(*row);
  if (checked || checked.error().kind != Kind::Corrupt) co_return checked;
  auto mended = co_await mendValue(std::move(*row));
  co_return mended;
}

/// Reads all of a large value: Corrupt if it is damaged. One that has been replaced meanwhile is nobody's concern.
Task<Status> Mender::check(store::RowPtr row) {
  auto body = co_await store_.body(row, 0, row->entry.size, loop_.now() + settings_.timing.progress);
  if (!body && body.error().kind == Kind::NotFound) co_return Status();
  if (!body) co_return body.error();
  const auto& region = std::get<Region>(*body);
  for (std::uint64_t at = 0; at < region.length; at += limits::kChunkBytes) {
    if (stopping_) co_return Error{Kind::Stopped, "this node is stopping"};
    const std::uint64_t length = std::min<std::uint64_t>(limits::kChunkBytes, region.length - at);
    auto verified = co_await region.blob->verify(at, length, loop_.now() + settings_.timing.progress);
    if (!verified) co_return verified.error();
  }
  co_return Status();
}

std::vector<NodeId> Mender::otherHomes(const Key& key) const {
  const ring::ViewPtr view = membership_.view();
  std::vector<NodeId> nodes = view ? view->homes(partitionOf(key)) : std::vector<NodeId>();
  std::erase(nodes, membership_.self().node);
  return peers_.promptFirst(std::move(nodes), loop_.now());
}

Task<Status> Mender::mendValue(store::RowPtr row) {
  const Entry& entry = row->entry;
  for (const NodeId node : otherHomes(entry.key)) {
    auto value = co_await fetch(entry, node);
    if (!value) continue;
    store::Store::Mending mending{entry.key, entry, entry, std::move(*value), Version()};
    auto written = co_await writeAnew(std::move(mending));
    co_return written;
  }
  // Nobody who answers has this version.
  auto newest = co_await newestElsewhere(entry.key);
  if (!newest) co_return newest.error();
  if (newest->entry && supersedes(*newest->entry, entry)) {
    auto fetched = co_await copier_.fetch(*newest->entry, newest->source, wire::From::Repair, newest->settled,
                                          loop_.now() + kBodyMost);
    co_return fetched;
  }
  if (newest->entry && compareEntries(*newest->entry, entry) == 0)
    co_return Error{Kind::Unavailable, "who has the same version could not hand it over"};
  auto replaced = co_await replace(entry.key, entry, std::move(*newest));
  co_return replaced;
}

Task<Status> Mender::mendRow(Key key) {
  auto newest = co_await newestElsewhere(key);
  if (!newest) co_return newest.error();
  auto replaced = co_await replace(std::move(key), std::nullopt, std::move(*newest));
  co_return replaced;
}

/// The others' newest version takes the place of what is damaged; if they have none, it goes.
Task<Status> Mender::replace(Key key, std::optional<Entry> damaged, Newest newest) {
  store::Value value = Bytes();
  if (newest.entry) {
    auto fetched = co_await fetch(*newest.entry, newest.source);
    if (!fetched) co_return fetched.error();
    value = std::move(*fetched);
  }
  store::Store::Mending mending{std::move(key), std::move(damaged), std::move(newest.entry), std::move(value),
                                newest.settled};
  auto written = co_await writeAnew(std::move(mending));
  co_return written;
}

Mender::Newest Mender::newestOf(const std::map<NodeId, wire::VoteAnswer>& said) {
  std::vector<Vote> votes;
  Newest newest;
  for (const auto& [node, vote] : said) {
    votes.push_back({vote.entry ? &*vote.entry : nullptr, vote.settled});
    newest.settled = std::max(newest.settled, vote.settled);
  }
  const Entry* const entry = newestOfVotes(votes);
  for (const auto& [node, vote] : said) {
    if (entry != nullptr && vote.entry && &*vote.entry == entry) newest.source = node;
  }
  if (entry != nullptr) newest.entry = *entry;
  return newest;
}

/// What was acknowledged lies on a quorum of the home nodes of the newest complete version. So many of the others that
/// no quorum can do without one of them are asked; of two home nodes that is one, of three both. All of them have to
/// have filled: one that merely stayed home may have missed what was written before that version began.
Task<Result<Mender::Newest>> Mender::newestElsewhere(Key key) {
  const ring::ViewPtr view = membership_.view();
  const std::vector<NodeId> homes = view->homesIn(0, partitionOf(key));
  const std::size_t needed = homes.size() - ring::quorumOf(homes.size()) + 1;
  std::map<NodeId, wire::VoteAnswer> said;
  std::string why = "there are too few";
  for (const NodeId node : homes) {
    if (node == membership_.self().node || said.size() == needed) continue;
    wire::Vote message{key, 0, wire::VoteFor::Fill};
    auto answer = co_await peers_.ask(node, view, std::move(message), Body(), loop_.now() + settings_.timing.call);
    if (answer) {
      said.emplace(node, std::move(answer->answer));
    } else {
      why = answer.error().text;
    }
  }
  if (said.size() == needed) co_return newestOf(said);
  co_return Error{
      Kind::Unavailable,
      fmt::format("only {} of the {} other home nodes needed could say what they hold: {}", said.size(), needed, why)};
}

/// The value of exactly this entry, checked against its SHA-256.
Task<Result<store::Value>> Mender::fetch(Entry entry, NodeId source) {
  if (entry.tombstone || entry.size == 0) co_return store::Value(Bytes());
  wire::FetchBody message{entry, 0, entry.size};
  auto answer =
      co_await peers_.ask(source, membership_.view(), std::move(message), Body(), loop_.now() + settings_.timing.call);
  if (!answer) co_return answer.error();
  const Error other{Kind::Corrupt, "another node sent a value that does not match its entry"};
  if (entry.size <= limits::kInlineBytes) {
    auto value = co_await collect(std::move(answer->body), limits::kInlineBytes, loop_.now() + settings_.timing.call);
    if (!value) co_return value.error();
    if (value->size() != entry.size || sha256Of(value->view()) != entry.sha256) co_return other;
    co_return store::Value(std::move(*value));
  }
  auto staged = co_await staging_.receive(sourceOf(std::move(answer->body)), settings_.timing.progress);
  if (!staged) co_return staged.error();
  if (staged->size == entry.size && staged->sha256 == entry.sha256) co_return store::Value(staged->blob);
  store_.discard(staged->blob);
  co_return other;
}

Task<Status> Mender::writeAnew(store::Store::Mending mending) {
  const store::Value value = mending.value;
  auto written = co_await store_.mend(std::move(mending), loop_.now() + settings_.timing.call);
  const bool taken = written && *written;
  if (const auto* blob = std::get_if<BlobId>(&value); blob != nullptr && !taken) store_.discard(*blob);
  if (!written) co_return written.error();
  if (!*written) co_return Error{Kind::Conflict, "something else was written there meanwhile"};
  co_return Status();
}

}  // namespace mydht::cluster
