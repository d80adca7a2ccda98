#include <fmt/format.h>

#include <algorithm>

#include "server/cluster/coordinator.h"
#include "server/cluster/fan_out.h"

namespace mydht::cluster {
namespace {

constexpr Duration kBeginAgain = std::chrono::milliseconds(5);
// A probe of home nodes that failed lately: long enough for a busy node, short enough for a person.
constexpr Duration kProbe = std::chrono::milliseconds(500);
// A stream has no end in time but that of its progress; a call needs some number.
constexpr Duration kStreamMost = std::chrono::hours(24);
// Bytes of writes in hand of one loop. A home node that is slow, not silent, makes them pile up behind answers that the
// others have given already.
constexpr std::size_t kMostInHand = 64 * 1024 * 1024;
// Uploads of large values through one loop: as many as it has streams to another node.
constexpr unsigned kMostUploads = 256;
// What all of them together may have read and not passed on yet: a chunk for each, or a MiB for a few.
constexpr std::size_t kWindowsBytes = 64 * 1024 * 1024;
constexpr std::size_t kLargestWindow = 4 * limits::kChunkBytes;

}  // namespace

Task<Status> Coordinator::check(const PutRequest& request, Deadline deadline) {
  if (!request.precondition) co_return Status();
  auto located = co_await locate(request.key, Consistency::Quorum, false, deadline);
  if (!located && located.error().kind != Kind::NotFound) co_return Error{Kind::NotDone, located.error().text};
  if (!request.precondition(located ? &located->entry : nullptr)) {
    co_return Error{Kind::Conflict, "the precondition does not hold"};
  }
  co_return Status();
}

Task<Result<Written>> Coordinator::put(PutRequest request, Deadline deadline) {
  auto checked = co_await check(request, deadline);
  if (!checked) co_return checked.error();
  std::string begun;
  while (begun.size() <= limits::kInlineBytes) {
    auto piece = co_await request.value->next(executor_.now() + settings_.timing.progress);
    if (!piece) co_return piece.error();
    if (piece->empty()) {
      auto written = co_await putSmall(std::move(request), std::move(begun), deadline);
      co_return written;
    }
    begun += piece->view();
  }
  auto written = co_await putLarge(std::move(request), std::move(begun), deadline);
  co_return written;
}

Task<Result<Written>> Coordinator::putSmall(PutRequest request, std::string value, Deadline deadline) {
  WriteOrder order;
  order.entry.key = std::move(request.key);
  order.entry.size = value.size();
  order.entry.sha256 = sha256Of(value);
  order.entry.contentType = std::move(request.contentType);
  if (request.sha256 && *request.sha256 != order.entry.sha256) {
    co_return Error{Kind::BadRequest, "the body's SHA-256 is not the announced one; nothing was stored"};
  }
  order.value = Bytes(std::move(value));
  order.consistency = request.consistency;
  auto written = co_await write(std::move(order), deadline);
  co_return written;
}

Task<Result<Written>> Coordinator::write(WriteOrder order, Deadline deadline) {
  if (inHand_ >= kMostInHand) {
    co_return Error{Kind::NotDone, "too many writes wait for a slow disk or node; nothing was changed; try again"};
  }
  const PartitionId partition = partitionOf(order.entry.key);
  bool tainted = false;
  unsigned versions = 1;
  order.entry.version = clock_.tick();
  for (unsigned attempt = 0;; ++attempt) {
    const ring::ViewPtr view = membership_.view();
    if (!view) co_return Error{Kind::NotDone, "this node has not joined a ring yet"};
    // A delete goes into the reserve of a full disk, and what was staged has its room already.
    const bool needsRoom = !order.entry.tombstone && std::holds_alternative<Bytes>(order.value);
    auto probed = co_await probe(view, partition, order.consistency, needsRoom, deadline);
    if (!probed) co_return Error{tainted ? Kind::Unknown : probed.error().kind, probed.error().text};
    unsigned number = 1;
    auto round = makeRound(view, order, number);
    const Deadline callDeadline = std::min(deadline, executor_.now() + settings_.timing.call);
    WriteOutcome outcome = co_await round->run(background_, callDeadline);
    bool replaced = round->replaced();
    const unsigned mostRounds = settings_.bugs.oneRoundMore ? 3 : 2;
    while (outcome == WriteOutcome::SecondRound || (number > 1 && number < mostRounds)) {
      tainted = tainted || round->mayHaveEffect();
      order.entry.version = above(*round, order.entry.version, tainted);
      ++versions;
      ++number;
      round = makeRound(view, order, number);
      const Deadline laterDeadline = std::min(deadline, executor_.now() + settings_.timing.call);
      const WriteOutcome later = co_await round->run(background_, laterDeadline);
      outcome = later;
      replaced = replaced || round->replaced();
    }
    if (outcome == WriteOutcome::Done) {
      Written written{order.entry.version, view, replaced, versions};
      for (const NodeId home : view->newest().homes(partition))
        written.copies += round->accepted().contains(home) ? 1 : 0;
      written.homes = view->newest().copies();
      written.wanted = view->newest().list().replicas;
      written.sha256 = order.entry.sha256;
      co_return written;
    }
    tainted = tainted || round->mayHaveEffect();
    const bool again = outcome == WriteOutcome::Refused || (round->closed() && attempt < 2);
    if (!again || executor_.now() >= deadline) co_return refusal(*round, *view, partition, tainted);
    // The same version goes again after a refusal for an older view (R4), a higher one after one for its time (R12).
    if (outcome != WriteOutcome::Refused) {
      order.entry.version = above(*round, order.entry.version, tainted);
      ++versions;
    }
    co_await sleepUntil(executor_.now() + kBeginAgain);
  }
}

std::shared_ptr<WriteRound> Coordinator::makeRound(const ring::ViewPtr& view, const WriteOrder& order,
                                                   unsigned number) {
  return std::make_shared<WriteRound>(executor_, settings_, peers_, home_, handoff_, membership_.self().node, view,
                                      order, number, inHand_);
}

Version Coordinator::above(const WriteRound& round, const Version& offered, bool mayHaveEffect) {
  if (round.clamp() && !mayHaveEffect && round.top() < offered) {
    // This node's clock is ahead of its home nodes', and nobody has taken any version of this write: it goes by theirs.
    // Had one taken one, be it in an earlier round that others were asked in, a lower version would be lost behind it.
    journal_.note(Severity::Warn, "clock.ahead", fmt::format("by_micros={}", offered.physicalMicros - *round.clamp()));
    return clock_.goBackTo(*round.clamp(), round.top());
  }
  return clock_.above(std::max(round.top(), offered));
}

/// Why a home node that did not refuse has not taken a write: it was not asked, or did not answer.
std::string Coordinator::whySilent(NodeId node) const {
  const wire::DiskState disk = diskOf(node);
  if (disk == wire::DiskState::Full) return "its disk is full";
  if (disk == wire::DiskState::Failed) return "its disk has failed";
  if (peers_.usable(node)) return "no answer in time";
  return "its last call failed: " + peers_.health(node).lastError;
}

/// The home nodes that are not among these, each with what went wrong there.
std::string Coordinator::whyMissing(const ring::View& view, PartitionId partition, const std::set<NodeId>& good,
                                    const std::map<NodeId, std::string>& failures) const {
  std::string who;
  for (const NodeId node : missingHomes(view, partition, good)) {
    const auto at = failures.find(node);
    who += fmt::format("{}{} ({})", who.empty() ? "" : ", ", peers_.nameOf(node),
                       at == failures.end() ? whySilent(node) : at->second);
  }
  return who;
}

Error Coordinator::refusal(const WriteRound& round, const ring::View& view, PartitionId partition,
                           bool mayHaveEffect) const {
  const std::string who = whyMissing(view, partition, round.accepted(), round.failures());
  if (round.noSpace() && !mayHaveEffect) return {Kind::NoSpace, "no space left on the key's home nodes: " + who};
  if (mayHaveEffect) {
    return {Kind::Unknown,
            "too few of the key's home nodes confirmed the write; some may have it and it may appear later: "
            "repeat it or delete the key; missing: " +
                who};
  }
  return {Kind::NotDone, "too few of the key's home nodes took the write; nothing was changed; missing: " + who};
}

Task<> Coordinator::hello(std::shared_ptr<std::set<NodeId>> alive, std::shared_ptr<unsigned> running,
                          std::shared_ptr<Signal> changed, NodeId node, Deadline deadline) {
  auto answer = co_await peers_.ask(node, membership_.view(), wire::Hello(), Body(), deadline);
  if (answer) alive->insert(node);
  --*running;
  changed->notifyAll();
}

/// As far as is known.
wire::DiskState Coordinator::diskOf(NodeId node) const {
  return node == membership_.self().node ? home_.disk() : peers_.disk(node, executor_.now());
}

Task<Status> Coordinator::probe(ring::ViewPtr view, PartitionId partition, Consistency consistency, bool needsRoom,
                                Deadline deadline) {
  const auto alive = std::make_shared<std::set<NodeId>>();
  const auto running = std::make_shared<unsigned>(0);
  const auto changed = std::make_shared<Signal>(executor_);
  const NodeId self = membership_.self().node;
  std::vector<NodeId> doubtful;
  std::vector<NodeId> full;
  std::vector<NodeId> failed;
  for (const NodeId node : view->homes(partition)) {
    const wire::DiskState disk = diskOf(node);
    if (disk == wire::DiskState::Failed) {
      failed.push_back(node);
    } else if (needsRoom && disk == wire::DiskState::Full) {
      full.push_back(node);
    } else if (node == self || peers_.usable(node)) {
      alive->insert(node);
    } else {
      doubtful.push_back(node);
    }
  }
  if (isEnough(*view, partition, *alive, consistency, settings_.bugs)) co_return Status();
  const Deadline until = std::min(deadline, executor_.now() + kProbe);
  for (const NodeId node : doubtful) {
    ++*running;
    background_.spawn(hello(alive, running, changed, node, until));
  }
  while (*running > 0 && !isEnough(*view, partition, *alive, consistency, settings_.bugs)) co_await changed->wait();
  if (isEnough(*view, partition, *alive, consistency, settings_.bugs)) co_return Status();
  std::set<NodeId> withFull = *alive;
  withFull.insert(full.begin(), full.end());
  if (isEnough(*view, partition, withFull, consistency, settings_.bugs)) {
    co_return Error{Kind::NoSpace, "no space left on the key's home nodes; nothing was sent: " + names(full)};
  }
  std::set<NodeId> withFailed = withFull;
  withFailed.insert(failed.begin(), failed.end());
  if (isEnough(*view, partition, withFailed, consistency, settings_.bugs)) {
    co_return Error{Kind::NotDone, "disks of the key's home nodes have failed; nothing was sent: " + names(failed)};
  }
  std::string why = fmt::format("too few of the key's home nodes can be reached; nothing was sent; missing: {}",
                                names(missingHomes(*view, partition, withFailed)));
  if (view->changing()) why += " (a change of the ring is under way and waits for them too)";
  co_return Error{Kind::NotDone, std::move(why)};
}

/// One large value on its way: who has staged it so far.
struct Coordinator::Upload {
  Upload(Executor& executor, unsigned& all) : uploads(all), changed(executor) { ++uploads; }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { --uploads; }
  unsigned& uploads;  ///< of this loop
  std::uint64_t number = 0;
  Key key;
  Consistency consistency = Consistency::Quorum;
  ring::ViewPtr view;
  std::shared_ptr<FanOut> fan;
  std::map<NodeId, wire::StageAnswer> staged;
  std::vector<NodeId> asked;
  std::map<NodeId, std::string> failures;  ///< of those that have not staged it
  bool noSpace = false;
  unsigned running = 0;
  Signal changed;

  /// Whether a node that has let go of the stream has still to say why.
  bool owesReason() const {
    return std::ranges::any_of(asked, [this](NodeId node) {
      return !fan->takers().contains(node) && !staged.contains(node) && !failures.contains(node);
    });
  }
};

Task<> Coordinator::stageAt(std::shared_ptr<Upload> upload, NodeId node, std::unique_ptr<ByteSource> branch) {
  wire::Stage message{upload->number, upload->key};
  Result<wire::StageAnswer> staged = Error{Kind::Unavailable, "not asked"};
  if (node == membership_.self().node) {
    auto answer = co_await home_.stage(peers_.speaker(upload->view), std::move(message), std::move(branch),
                                       executor_.now() + kStreamMost);
    staged = std::move(answer);
  } else {
    auto answer = co_await peers_.ask(node, upload->view, std::move(message), Body(std::move(branch)),
                                      executor_.now() + kStreamMost);
    if (answer) {
      staged = std::move(answer->answer);
    } else {
      staged = answer.error();
    }
  }
  --upload->running;
  if (!staged) upload->fan->drop(node);
  // One from which the stream was taken away as it broke off has failed by that alone.
  const bool failed = !staged && !upload->fan->takers().contains(node);
  if (staged) upload->staged.emplace(node, std::move(*staged));
  if (failed) {
    upload->failures.emplace(node, staged.error().text);
    // It may have room for smaller ones: only its own word, and its refusal of such a one, make it count as full.
    upload->noSpace = upload->noSpace || staged.error().kind == Kind::NoSpace;
  }
  upload->changed.notifyAll();
}

/// A home node that refuses a stream drops it a moment before its reason is here. One that says nothing at all may go
/// on like that for as long as a stream may take, and the client is not to wait for it: what it gets is a refusal
/// anyway.
Task<> Coordinator::awaitReason(std::shared_ptr<Upload> upload) {
  const Time giveUp = executor_.now() + settings_.timing.call;
  while (upload->owesReason() && upload->failures.empty() && executor_.now() < giveUp) {
    co_await upload->changed.waitUntil(giveUp);
  }
}

/// Whether it would do if these nodes had staged the value. The ring may have gone on since the upload began, and what
/// is published is published in the newer one.
bool Coordinator::wouldDo(const Upload& upload, const std::set<NodeId>& nodes) const {
  const PartitionId partition = partitionOf(upload.key);
  const auto isEnoughIn = [&](const ring::View& view) {
    return isEnough(view, partition, nodes, upload.consistency, settings_.bugs);
  };
  if (settings_.bugs.publishBelowQuorum && !nodes.empty()) return true;
  return isEnoughIn(*upload.view) || isEnoughIn(*membership_.view());
}

/// Why a value is refused that only these home nodes have staged, or would have.
Error Coordinator::notStaged(const Upload& upload, const std::set<NodeId>& good, const std::string& text) const {
  const std::string who = whyMissing(*upload.view, partitionOf(upload.key), good, upload.failures);
  if (upload.noSpace) return {Kind::NoSpace, "no space left on the key's home nodes: " + who};
  return {Kind::NotDone, text + "; missing: " + who};
}

/// Whether a home node that takes nothing of a stream answers no other question either; one that does has a slow disk,
/// and more patience is due to it.
bool Coordinator::seemsGone(NodeId node) {
  if (node == membership_.self().node) return false;
  if (!peers_.usable(node)) return true;
  const Duration silence = peers_.silence(node, executor_.now());
  if (silence == Duration(0)) background_.spawn(ask(node));
  return silence >= 2 * settings_.timing.hedge;
}

Task<> Coordinator::ask(NodeId node) {
  auto answer = co_await peers_.ask(node, membership_.view(), wire::Hello(), Body(),
                                    executor_.now() + settings_.timing.branchStall);
  if (!answer) {
    journal_.note(Severity::Debug, "node.silent",
                  fmt::format("node={} why=\"{}\"", peers_.nameOf(node), answer.error().text));
  }
}

/// This node first, then those that answer: who has to fetch the body asks the first one.
std::vector<NodeId> Coordinator::nearestFirst(std::vector<NodeId> nodes) const {
  nodes = peers_.promptFirst(std::move(nodes), executor_.now());
  const NodeId self = membership_.self().node;
  std::stable_partition(nodes.begin(), nodes.end(), [self](NodeId node) { return node == self; });
  return nodes;
}

Task<Result<WriteOrder>> Coordinator::stageAll(const PutRequest& request, std::string begun,
                                               std::shared_ptr<Upload> upload) {
  const PartitionId partition = partitionOf(request.key);
  for (const NodeId node : upload->view->homes(partition)) {
    if (diskOf(node) != wire::DiskState::Well) continue;
    if (node == membership_.self().node || peers_.usable(node)) upload->asked.push_back(node);
  }
  for (const NodeId node : upload->asked) {
    ++upload->running;
    background_.spawn(stageAt(upload, node, upload->fan->branch(node, request.value->size())));
  }
  auto pumped = co_await upload->fan->pump(std::move(begun), *request.value);
  if (!pumped && pumped.error().kind == Kind::NotDone) {
    co_await awaitReason(upload);
    co_return notStaged(*upload, upload->fan->takers(), pumped.error().text);
  }
  if (!pumped) co_return pumped.error();
  if (request.sha256 && *request.sha256 != pumped->sha256) {
    co_return Error{Kind::BadRequest, "the body's SHA-256 is not the announced one; nothing was stored"};
  }
  std::set<NodeId> good;
  const Time giveUp = executor_.now() + settings_.timing.progress;
  while (true) {
    for (const auto& [node, answer] : upload->staged) {
      if (answer.sha256 == pumped->sha256 && answer.size == pumped->size) good.insert(node);
    }
    if (wouldDo(*upload, good)) break;
    if (upload->running == 0 || executor_.now() >= giveUp) {
      co_return notStaged(*upload, good, "too few of the key's home nodes took the value; nothing was changed");
    }
    co_await upload->changed.waitUntil(giveUp);
  }
  WriteOrder order;
  order.entry.key = request.key;
  order.entry.size = pumped->size;
  order.entry.sha256 = pumped->sha256;
  order.entry.contentType = request.contentType;
  order.value = StagedAt{upload->number, nearestFirst({good.begin(), good.end()})};
  order.consistency = request.consistency;
  // One publish above all that the home nodes hold, so that the first round is the last one.
  for (const auto& [node, answer] : upload->staged) {
    if (answer.held && answer.held->version.physicalMicros <= clock_.tick().physicalMicros + limits::kFutureMicros) {
      clock_.observe(answer.held->version);
    }
  }
  co_return order;
}

Task<Result<Written>> Coordinator::putLarge(PutRequest request, std::string begun, Deadline deadline) {
  if (uploads_ >= kMostUploads) {
    co_return Error{Kind::NotDone, "too many large values are being uploaded through this node; nothing was changed"};
  }
  const auto upload = std::make_shared<Upload>(executor_, uploads_);
  upload->number = random_.next();
  upload->key = request.key;
  upload->consistency = request.consistency;
  upload->view = membership_.view();
  if (!upload->view) co_return Error{Kind::NotDone, "this node has not joined a ring yet"};
  const PartitionId partition = partitionOf(request.key);
  auto probed = co_await probe(upload->view, partition, request.consistency, true, deadline);
  if (!probed) co_return probed.error();
  // The fan is the upload's own, and needs it no longer than that lives.
  const auto enough = [this, &upload = *upload](const std::set<NodeId>& nodes) { return wouldDo(upload, nodes); };
  const cluster::Timing& timing = settings_.timing;
  const auto silent = [this](NodeId node) { return seemsGone(node); };
  const auto window = [this] { return std::min(kLargestWindow, kWindowsBytes / std::max(1U, uploads_)); };
  FanOut::Rules rules{enough, silent, timing.hedge, timing.branchStall, timing.progress, window};
  upload->fan = std::make_shared<FanOut>(executor_, std::move(rules));
  auto order = co_await stageAll(request, std::move(begun), upload);
  if (!order) {
    discardAll(*upload);
    co_return order.error();
  }
  // The body took its time; what is left to do is a round of small messages.
  const Deadline publishBy = std::max(deadline, executor_.now() + 2 * settings_.timing.call);
  auto written = co_await write(std::move(*order), publishBy);
  if (!written && written.error().kind == Kind::NotDone) discardAll(*upload);
  co_return written;
}

void Coordinator::discardAll(const Upload& upload) {
  for (const NodeId node : upload.asked) background_.spawn(discardAt(node, upload.number));
}

Task<> Coordinator::discardAt(NodeId node, std::uint64_t upload) {
  const wire::Discard message{upload};
  if (node == membership_.self().node) {
    home_.discard(message);
    co_return;
  }
  // An answer is not needed: what nobody publishes is forgotten after a while.
  auto answer = co_await peers_.ask(node, membership_.view(), message, Body(), executor_.now() + settings_.timing.call);
  if (!answer)
    journal_.note(Severity::Debug, "upload.discard",
                  fmt::format("node={} why=\"{}\"", peers_.nameOf(node), answer.error().text));
}

}  // namespace mydht::cluster
