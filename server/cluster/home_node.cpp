#include "server/cluster/home_node.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::cluster {
namespace {

// A row on its way to a new home node takes about this much beside its key, content type and value.
constexpr std::size_t kRowOverhead = 128;
// A body and its publish may be handled by two loops, and the rest of a body is a matter of milliseconds; so is the
// answer that tells a node that it has been taken in.
constexpr Duration kArrivalPoll = std::chrono::milliseconds(2);

}  // namespace

Status HomeNode::refuse(const wire::Speaker& from, PartitionId partition) const {
  if (settings_.bugs.noRefusal) return {};
  const auto view = membership_.view();
  if (view->changesSince(from.newest, from.complete, partition)) {
    return Error{Kind::OlderRing, "the ring has changed since"};
  }
  return {};
}

Task<Status> HomeNode::catchUp(wire::Speaker from, Deadline deadline) {
  const auto view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
  const bool knowsLess = from.newest > view->newest().name() || from.complete > view->complete().name();
  if (!knowsLess || from.node == membership_.self().node) co_return Status();
  auto answer = co_await peers_.askAt(from.hostPort, wire::GetView(), deadline);
  if (!answer) co_return Error{Kind::Unavailable, "cannot fetch the newer view of the ring: " + answer.error().text};
  // Somebody else at that address need not know what the speaker knows.
  if (answer->from.node != from.node) co_return Error{Kind::Unavailable, from.hostPort + " is another node by now"};
  auto adopted = co_await membership_.adopt(answer->answer.view);
  co_return adopted;
}

Task<> HomeNode::awaitJoined(Deadline deadline) {
  Executor& executor = co_await currentExecutor();
  const Time patience = std::min(deadline, executor.now() + settings_.timing.hedge / 2);
  while (!membership_.view() && executor.now() < patience) co_await sleepUntil(executor.now() + kArrivalPoll);
}

Task<Status> HomeNode::admit(wire::Speaker from, PartitionId partition, Deadline deadline) {
  if (!membership_.view()) co_await awaitJoined(deadline);
  const auto standing = membership_.standing();
  if (!standing->view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
  if (from.ringIdentity != standing->view->ringIdentity()) {
    co_return Error{Kind::Conflict,
                    fmt::format("this node is a member of another ring ({:016x})", standing->view->ringIdentity())};
  }
  auto caughtUp = co_await catchUp(from, deadline);
  if (!caughtUp) co_return caughtUp;
  co_return refuse(from, partition);
}

Status HomeNode::serves(const wire::Speaker& from, const Standing& standing, PartitionId partition) const {
  if (!membership_.confirmed()) return notConfirmed();
  const NodeId self = membership_.self().node;
  const auto isHome = [&](const ring::RingPtr& version) { return version->isHome(self, partition); };
  if (std::ranges::any_of(standing.view->active(), isHome)) return {};
  // It was a home until that version was complete, which the asker has not heard of.
  if (from.complete < standing.view->complete().name()) return Error{Kind::OlderRing, "the ring has changed since"};
  return Error{Kind::Unavailable, "this node is no home of that key"};
}

Task<Result<RowVote>> HomeNode::vote(wire::Speaker from, wire::Vote message, Deadline deadline) {
  const PartitionId partition = partitionOf(message.key);
  auto admitted = co_await admit(from, partition, deadline);
  if (!admitted) co_return admitted.error();
  const StandingPtr standing = membership_.standing();
  if (const Status served = serves(from, *standing, partition); !served) co_return served.error();
  const bool mustBeFilled = message.purpose != wire::VoteFor::FillAny && !settings_.bugs.voteUnfilled;
  const bool isFilled =
      message.purpose == wire::VoteFor::Fill ? standing->sources[partition] : standing->filled[partition];
  if (!isFilled && mustBeFilled) {
    if (message.purpose != wire::VoteFor::Quorum)
      co_return Error{Kind::Unavailable, "this node has not filled that key yet"};
    auto filled = co_await copier_.fillKey(message.key, standing->view, deadline);
    // Those asked may have said that the ring has gone on: so it has for the asker.
    const bool knowsLess = from.complete < membership_.view()->complete().name();
    if (!filled && knowsLess) co_return Error{Kind::OlderRing, "the ring has changed since"};
    if (!filled) co_return filled.error();
  }
  auto row = co_await store_.row(std::move(message.key), deadline);
  if (!row) co_return row.error();
  // The ring may have changed while the row was read: what was purged since is not "none".
  if (const StandingPtr now = membership_.standing(); now->view != standing->view) {
    if (const Status refused = refuse(from, partition); !refused) co_return refused.error();
    if (const Status served = serves(from, *now, partition); !served) co_return served.error();
  }
  // Only a filled home node's mark says anything of what it holds (R12).
  co_return RowVote{std::move(*row), standing->filled[partition] ? store_.settled(partition) : Version()};
}

Task<Result<wire::OfferAnswer>> HomeNode::offer(wire::Speaker from, wire::Offer message, Bytes value,
                                                Deadline deadline) {
  const PartitionId partition = partitionOf(message.entry.key);
  auto admitted = co_await admit(from, partition, deadline);
  if (!admitted) co_return admitted.error();
  const StandingPtr standing = membership_.standing();
  if (const Status served = serves(from, *standing, partition); !served) co_return served.error();
  // A client's value was hashed by the coordinator this very moment; a copy may have been damaged where it lay.
  const bool isCopy = message.from != wire::From::Client && !message.entry.tombstone;
  if (isCopy && sha256Of(value.view()) != message.entry.sha256) {
    co_return Error{Kind::Corrupt, "a copy's value does not match its entry"};
  }
  auto answer =
      co_await store_.offer(std::move(message.entry), std::move(value), message.from, message.settled, deadline);
  // A version that was adopted meanwhile may have been filled from here already, without this entry: it does not count.
  const Status refused = refuse(from, partition);
  if (answer && !refused) co_return refused.error();
  co_return answer;
}

Task<Result<wire::StageAnswer>> HomeNode::stage(wire::Speaker from, wire::Stage message,
                                                std::unique_ptr<ByteSource> body, Deadline deadline) {
  const PartitionId partition = partitionOf(message.key);
  auto admitted = co_await admit(from, partition, deadline);
  if (!admitted) co_return admitted.error();
  const StandingPtr standing = membership_.standing();
  if (const Status served = serves(from, *standing, partition); !served) co_return served.error();
  auto staged = co_await staging_.receiveFor(message.upload, std::move(body), settings_.timing.progress);
  if (!staged) co_return staged.error();
  Executor& executor = co_await currentExecutor();
  auto row = co_await store_.row(std::move(message.key), executor.now() + settings_.timing.call);
  if (!row) co_return row.error();
  wire::StageAnswer answer{staged->sha256, staged->size, std::nullopt};
  if (*row) answer.held = (*row)->entry;
  co_return answer;
}

Task<Result<Staged>> HomeNode::stagedOrFetched(wire::Publish message, Deadline deadline) {
  // A quorum was faster, and what is missing here is on its way already.
  Executor& executor = co_await currentExecutor();
  const Time patience = executor.now() + (deadline - executor.now()) / 2;
  while (staging_.isArriving(message.upload) && executor.now() < patience) {
    co_await sleepUntil(executor.now() + kArrivalPoll);
  }
  if (auto staged = staging_.take(message.upload)) co_return *staged;
  wire::FetchStaged fetch{message.upload};
  Result<Body> body = Error{Kind::Unavailable, "not asked"};
  auto answer = co_await peers_.ask(message.stagedAt, membership_.view(), fetch, Body(), deadline);
  if (answer) {
    body = std::move(answer->body);
  } else if (answer.error().kind == Kind::NotFound) {
    // It was faster: what was staged there is the entry's value by now.
    wire::FetchBody published{message.entry, 0, message.entry.size};
    auto value = co_await peers_.ask(message.stagedAt, membership_.view(), std::move(published), Body(), deadline);
    body = value ? Result<Body>(std::move(value->body)) : Result<Body>(value.error());
  } else {
    body = answer.error();
  }
  if (!body) co_return body.error().within("fetch a staged body");
  auto staged = co_await staging_.receive(sourceOf(std::move(*body)), settings_.timing.progress);
  co_return staged;
}

Task<Result<wire::OfferAnswer>> HomeNode::publish(wire::Speaker from, wire::Publish message, Deadline deadline) {
  const PartitionId partition = partitionOf(message.entry.key);
  auto admitted = co_await admit(from, partition, deadline);
  if (!admitted) co_return admitted.error();
  const StandingPtr standing = membership_.standing();
  if (const Status served = serves(from, *standing, partition); !served) co_return served.error();
  auto here = co_await store_.row(message.entry.key, deadline);
  if (here && *here && compareEntries((*here)->entry, message.entry) == 0) {
    co_return wire::OfferAnswer{wire::OfferOutcome::Accepted, (*here)->entry, Version()};
  }
  auto staged = co_await stagedOrFetched(message, deadline);
  if (!staged && staged.error().kind == Kind::NoSpace) co_return staged.error();
  // Whatever went wrong with the body, here nothing was changed: R4's `not-done`.
  if (!staged) co_return Error{Kind::Unavailable, staged.error().text};
  if (staged->sha256 != message.entry.sha256 || staged->size != message.entry.size) {
    store_.discard(staged->blob);
    co_return Error{Kind::Corrupt, "what was staged is not what is to be published"};
  }
  auto answer = co_await store_.offer(message.entry, staged->blob, wire::From::Client, Version(), deadline);
  const bool taken = answer && answer->outcome == wire::OfferOutcome::Accepted;
  if (!taken) staging_.keep(message.upload, *staged);  // a second round may publish it under a newer version
  const Status refused = refuse(from, partition);
  if (answer && !refused) co_return refused.error();
  co_return answer;
}

Task<Result<Body>> HomeNode::staged(wire::FetchStaged message, Deadline deadline) {
  const auto staged = staging_.find(message.upload);
  if (!staged) co_return Error{Kind::NotFound, "nothing is staged for that upload here"};
  auto blob = co_await store_.openStaged(staged->blob, deadline);
  if (!blob) co_return blob.error();
  Region region{std::move(*blob), 0, staged->size};
  co_return Body(std::move(region));
}

Task<Result<Body>> HomeNode::body(wire::FetchBody message, Deadline deadline) {
  auto row = co_await store_.row(message.entry.key, deadline);
  if (!row) co_return row.error();
  const bool isThat = *row && compareEntries((*row)->entry, message.entry) == 0;
  if (!isThat && !(*row && settings_.bugs.sendAnyVersion)) {
    co_return Error{Kind::Conflict, "this node does not hold that version any more"};
  }
  const std::uint64_t size = (*row)->entry.size;
  if (message.offset > size || message.length > size - message.offset) {
    co_return Error{Kind::BadRequest, "a range beyond the value's end"};
  }
  auto body = co_await store_.body(*row, message.offset, message.length, deadline);
  if (!body && body.error().kind == Kind::NotFound) {
    co_return Error{Kind::Conflict, "this node does not hold that version any more"};
  }
  co_return body;
}

/// What lies in one partition after that key, as far as there is room.
struct HomeNode::FillPart {
  std::vector<wire::FillRow> rows;
  std::size_t bytes = 0;
  bool over = true;
};

Task<Result<HomeNode::FillPart>> HomeNode::fillPart(PartitionId partition, Key after, bool entriesOnly,
                                                    std::size_t room, Deadline deadline) {
  FillPart part;
  bool begun = !after.empty();
  while (part.bytes < room && (begun || !store_.isEmpty(partition))) {
    auto page = co_await store_.iterate(partition, after, room - part.bytes, deadline);
    if (!page) co_return page.error();
    for (const store::RowPtr& row : page->rows) {
      const bool withValue = row->blob == 0 && !entriesOnly;
      part.rows.push_back({row->entry, withValue, withValue ? row->value : Bytes()});
      const std::size_t value = withValue ? row->value.size() : 0;
      part.bytes += row->entry.key.size() + row->entry.contentType.size() + value + kRowOverhead;
    }
    after = page->after;
    if (after.empty()) break;
    begun = true;
  }
  part.over = after.empty();
  co_return part;
}

Task<Result<wire::FillPageAnswer>> HomeNode::fillPage(wire::Speaker from, wire::FillPage message, Deadline deadline) {
  const bool joined = membership_.view() != nullptr;
  if (!joined || !settings_.bugs.fillBeforeAdoption) {
    auto caughtUp = co_await catchUp(from, deadline);
    if (!caughtUp) co_return caughtUp.error();
  }
  if (!membership_.confirmed()) co_return notConfirmed();
  const StandingPtr standing = membership_.standing();
  wire::FillPageAnswer answer;
  for (const PartitionId partition : message.partitions) {
    if (!standing->sources[partition]) answer.cannotSay.push_back(partition);
  }
  // Half of the message is left for what a single row may be beyond the wish.
  std::size_t room = std::min<std::size_t>(message.mostBytes, limits::kMessageBytes / 2);
  for (const PartitionId partition : message.partitions) {
    if (partition < message.startPartition) continue;
    if (!standing->sources[partition] && !message.unfilledToo) continue;
    const Key after = partition == message.startPartition ? message.after : Key();
    // The marks come with the first entries, so that the asker holds nothing against them meanwhile.
    const wire::FillMarks marks{partition, store_.closed(partition), store_.settled(partition)};
    const bool marked = standing->sources[partition] && (marks.closed != Version() || marks.settled != Version());
    if (room == 0 && !store_.isEmpty(partition)) {
      answer.over = false;
      break;
    }
    auto part = co_await fillPart(partition, after, message.entriesOnly, room, deadline);
    if (!part && part.error().kind == Kind::Corrupt && !message.unfilledToo) {
      answer.cannotSay.push_back(partition);  // only this one waits until it is repaired
      continue;
    }
    if (!part) co_return part.error();
    if (marked) answer.marks.push_back(marks);
    std::ranges::move(part->rows, std::back_inserter(answer.rows));
    room -= std::min(room, part->bytes);
    answer.over = part->over;
    if (!answer.over) break;
  }
  // Once a newer version is complete, what was asked for may have been purged here, even while it was read.
  if (membership_.view()->complete().name() > from.complete)
    co_return Error{Kind::OlderRing, "the ring has changed since"};
  co_return answer;
}

Task<Status> HomeNode::repair(wire::Speaker from, wire::Repair message, Deadline deadline) {
  const PartitionId partition = partitionOf(message.entry.key);
  auto admitted = co_await admit(from, partition, deadline);
  if (!admitted) co_return admitted;
  const StandingPtr standing = membership_.standing();
  if (const Status served = serves(from, *standing, partition); !served) co_return served;
  auto fetched =
      co_await copier_.fetch(std::move(message.entry), message.source, wire::From::Repair, Version(), deadline);
  if (!fetched) co_return fetched;
  co_return refuse(from, partition);
}

std::optional<store::RowPtr> HomeNode::copyAtHand(std::string_view key) {
  const StandingPtr standing = membership_.standing();
  if (!standing->view || !membership_.confirmed()) return std::nullopt;
  const PartitionId partition = partitionOf(key);
  if (!standing->filled[partition] || !standing->view->newest().isHome(membership_.self().node, partition))
    return std::nullopt;
  auto row = store_.tryRow(key);
  if (!row || !*row) return std::nullopt;
  return std::move(**row);
}

}  // namespace mydht::cluster
