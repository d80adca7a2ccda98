#include "server/cluster/tree_answers.h"

#include <algorithm>
#include <set>

namespace mydht::cluster {
namespace {

// Parts may overlap: whoever asks for the whole tree again and again would keep the loop busy.
constexpr std::size_t kMostPartitionsAsked = 2 * limits::kPartitions;
// Entries for one page are read in pieces of at most this.
constexpr std::size_t kReadBytes = 256 * 1024;
// What an entry's head takes in a message beside its texts.
constexpr std::size_t kHeadOverhead = 80;

/// Whether a question may be answered at all.
Status checkParts(const std::vector<wire::TreePart>& parts) {
  std::size_t partitions = 0;
  std::set<std::uint32_t> leafy;
  for (const wire::TreePart& part : parts) {
    if (part.depth <= limits::kPartitionBits) {
      partitions += store::partitionsOf(part.depth, part.prefix).count;
    } else {
      leafy.insert(part.prefix >> (part.depth - limits::kPartitionBits));
    }
  }
  if (partitions <= kMostPartitionsAsked && leafy.size() <= TreeAnswers::kLeafyPartitions) return {};
  return Error{Kind::BadRequest, "too much of a hash tree in one question"};
}

}  // namespace

bool areBothHome(const ring::View& view, NodeId a, NodeId b, PartitionId partition) {
  return view.newest().isHome(a, partition) && view.newest().isHome(b, partition);
}

Task<Result<StandingPtr>> TreeAnswers::agree(wire::Speaker from, Deadline deadline) {
  if (!membership_.confirmed()) co_return notConfirmed();
  auto caughtUp = co_await home_.catchUp(from, deadline);
  if (!caughtUp) co_return caughtUp.error();
  StandingPtr standing = membership_.standing();
  if (from.ringIdentity != standing->view->ringIdentity()) {
    co_return Error{Kind::Conflict, "this node is a member of another ring"};
  }
  const bool same =
      from.newest == standing->view->newest().name() && from.complete == standing->view->complete().name();
  if (!same) co_return Error{Kind::OlderRing, "the ring has changed since"};
  co_return standing;
}

/// What was read while the ring changed may have been purged in the middle of it.
Status TreeAnswers::changedSince(const Standing& standing) const {
  if (membership_.view() == standing.view) return {};
  return Error{Kind::OlderRing, "the ring has changed since"};
}

Task<Result<std::optional<std::uint64_t>>> TreeAnswers::sumOf(StandingPtr standing, NodeId other, unsigned depth,
                                                              std::uint32_t prefix, Deadline deadline) {
  const store::PartitionRange range = store::partitionsOf(depth, prefix);
  std::uint64_t sum = 0;
  for (std::size_t i = range.first; i < range.first + range.count; ++i) {
    const auto partition = static_cast<PartitionId>(i);
    if (!areBothHome(*standing->view, membership_.self().node, other, partition)) continue;
    if (!standing->filled[i]) co_return std::optional<std::uint64_t>();
    auto digest = co_await store_.digest(partition, deadline);
    if (!digest && digest.error().kind == Kind::Unavailable) co_return std::optional<std::uint64_t>();
    if (!digest) co_return digest.error();
    sum += *digest;
  }
  co_return std::optional<std::uint64_t>(sum);
}

Task<Result<wire::Compared>> TreeAnswers::compare(StandingPtr standing, NodeId other, wire::TreePart part,
                                                  Leaves& leaves, Deadline deadline) {
  if (part.depth <= limits::kPartitionBits) {
    auto sum = co_await sumOf(standing, other, part.depth, part.prefix, deadline);
    if (!sum) co_return sum.error();
    if (!*sum) co_return wire::Compared::CannotSay;
    co_return **sum == part.digest ? wire::Compared::Equal : wire::Compared::Differs;
  }
  const unsigned bits = part.depth - limits::kPartitionBits;
  const auto partition = static_cast<PartitionId>(part.prefix >> bits);
  const bool shared = areBothHome(*standing->view, membership_.self().node, other, partition);
  if (!shared || !standing->filled[partition]) co_return wire::Compared::CannotSay;
  if (leaves.bits != bits || leaves.partition != partition) {
    auto sums = co_await store_.leaves(partition, bits, deadline);
    if (!sums) co_return sums.error();
    leaves = {partition, bits, std::move(*sums)};
  }
  const std::uint32_t leaf = part.prefix & ((1U << bits) - 1);
  co_return leaves.sums[leaf] == part.digest ? wire::Compared::Equal : wire::Compared::Differs;
}

Task<Result<wire::CompareTreesAnswer>> TreeAnswers::compareTrees(wire::Speaker from, wire::CompareTrees message,
                                                                 Deadline deadline) {
  if (const Status fits = checkParts(message.parts); !fits) co_return fits.error();
  auto standing = co_await agree(from, deadline);
  if (!standing) co_return standing.error();
  wire::CompareTreesAnswer answer;
  Leaves leaves;
  for (const wire::TreePart& part : message.parts) {
    auto compared = co_await compare(*standing, from.node, part, leaves, deadline);
    if (!compared) co_return compared.error();
    answer.parts.push_back(*compared);
  }
  if (const Status same = changedSince(**standing); !same) co_return same.error();
  co_return answer;
}

Task<Result<wire::EntryHeadsAnswer>> TreeAnswers::entryHeads(wire::Speaker from, wire::EntryHeads message,
                                                             Deadline deadline) {
  auto standing = co_await agree(from, deadline);
  if (!standing) co_return standing.error();
  // Who asks need not be home itself: a scrub asks for the names of what it cannot read, and may not keep.
  const bool isHome = (*standing)->view->newest().isHome(membership_.self().node, message.partition);
  if (!isHome || !(*standing)->filled[message.partition])
    co_return Error{Kind::Unavailable, "this node is no filled home of that partition"};
  // Half of the message is left for what a single head may be beyond the wish.
  const std::size_t most = std::min<std::size_t>(message.mostBytes, limits::kMessageBytes / 2);
  wire::EntryHeadsAnswer answer;
  std::size_t used = 0;
  Key after = std::move(message.after);
  do {
    auto page = co_await store_.iterate(message.partition, std::move(after), kReadBytes, deadline);
    if (!page) co_return page.error();
    for (const store::RowPtr& row : page->rows) {
      const auto leaf = static_cast<std::uint16_t>(store::leafOf(row->entry.key, message.leafBits));
      if (!std::binary_search(message.leaves.begin(), message.leaves.end(), leaf)) continue;
      if (used >= most && !answer.entries.empty()) {
        answer.over = false;
        break;
      }
      used += row->entry.key.size() + row->entry.contentType.size() + kHeadOverhead;
      answer.entries.push_back(row->entry);
    }
    after = std::move(page->after);
  } while (answer.over && !after.empty());
  answer.settled = store_.settled(message.partition);
  if (const Status same = changedSince(**standing); !same) co_return same.error();
  co_return answer;
}

Task<Result<wire::Held>> TreeAnswers::holdsOne(StandingPtr standing, Entry entry, Deadline deadline) {
  const PartitionId partition = partitionOf(entry.key);
  const bool home = standing->view->newest().isHome(membership_.self().node, partition);
  if (!home || !standing->filled[partition]) co_return wire::Held::CannotSay;
  if (entry.version <= store_.settled(partition)) co_return wire::Held::Holds;
  auto row = co_await store_.row(entry.key, deadline);
  if (!row && row.error().kind == Kind::Corrupt) co_return wire::Held::CannotSay;
  if (!row) co_return row.error();
  const bool held = *row && compareEntries((*row)->entry, entry) >= 0;
  co_return held ? wire::Held::Holds : wire::Held::Lacks;
}

Task<Result<wire::HoldsAnswer>> TreeAnswers::holds(wire::Speaker from, wire::Holds message, Deadline deadline) {
  auto standing = co_await agree(from, deadline);
  if (!standing) co_return standing.error();
  if ((*standing)->view->changing() && !bugs_.purgeWhileChanging)
    co_return Error{Kind::Unavailable, "the ring is changing"};
  wire::HoldsAnswer answer;
  for (Entry& entry : message.entries) {
    auto held = co_await holdsOne(*standing, std::move(entry), deadline);
    if (!held) co_return held.error();
    answer.entries.push_back(*held);
  }
  if (const Status same = changedSince(**standing); !same) co_return same.error();
  co_return answer;
}

}  // namespace mydht::cluster
