#include "server/cluster/handoff.h"

#include <fmt/format.h>

namespace mydht::cluster {
namespace {

// Copies on their way at once: enough to hide the time of a call, few enough not to be in the clients' way.
constexpr unsigned kCopiesAtOnce = 8;
constexpr Duration kBetweenForgetting = std::chrono::minutes(1);

}  // namespace

/// Some entries that one node missed; shared by the tasks that bring them.
struct Handoff::Page {
  explicit Page(Executor& executor) : changed(executor) {}
  ring::ViewPtr view;
  std::vector<store::RowPtr> rows;
  Status outcome;  // the first error
  std::uint64_t brought = 0;
  unsigned running = 0;
  Signal changed;
};

Handoff::Handoff(Executor& loop, const Settings& settings, const Membership& membership, Peers& peers, Copier& copier,
                 store::Store& store, store::Hints& hints, Journal& journal)
    : loop_(loop),
      settings_(settings),
      membership_(membership),
      peers_(peers),
      copier_(copier),
      store_(store),
      hints_(hints),
      journal_(journal),
      throttle_(loop, settings.fillBytesPerSecond),
      wake_(loop),
      background_(loop) {}

Task<> Handoff::note(wire::Hint hint) {
  if (settings_.bugs.dropHints) co_return;
  Executor& caller = co_await currentExecutor();
  co_await switchTo(loop_);
  for (const NodeId node : hint.missed) {
    if (node != membership_.self().node) hints_.note(node, hint.key, hint.version);
  }
  co_await switchTo(caller);
}

void Handoff::stop() {
  stopping_ = true;
  throttle_.stop();
  wake_.notifyAll();
}

Task<> Handoff::run() {
  while (!stopping_) {
    const bool isForgetting = loop_.now() >= forgetFrom_;
    if (isForgetting) forgetFrom_ = loop_.now() + kBetweenForgetting;
    for (const auto& [node, count] : hints_.counts()) {
      if (stopping_) break;
      if (mayBring(node)) {
        co_await bringTo(node);
      } else if (isForgetting) {
        co_await forgetOld(node);
      }
    }
    if (!stopping_) co_await wake_.waitUntil(loop_.now() + settings_.timing.gossip);
  }
}

/// Whether the node is still to have what it missed: it is home to the key, and the note is not too old.
bool Handoff::isNeeded(const ring::View& view, NodeId node, const store::Hints::Hint& hint) const {
  return view.newest().isHome(node, partitionOf(hint.key)) && !hints_.tooOld(hint);
}

/// A node that is no member any more needs nothing: it is gone through too.
bool Handoff::mayBring(NodeId node) const {
  const ring::ViewPtr view = membership_.view();
  return view && (!view->newest().list().hasPresent(node) || peers_.usable(node));
}

/// Notes for a node that stays down make room for those for others once they are too old.
Task<> Handoff::forgetOld(NodeId node) {
  Key after;
  do {
    auto hints = co_await hints_.page(node, std::move(after), loop_.now() + settings_.timing.call);
    if (!hints) co_return;  // whoever brings them says why
    for (const store::Hints::Hint& hint : hints->hints) {
      if (hints_.tooOld(hint)) hints_.handed(node, hint.key, hint.version);
    }
    after = std::move(hints->after);
  } while (!after.empty() && !stopping_);
}

/// Goes once through all notes for a node, resting as long as it works (a second at most), and no faster than a disk is
/// filled.
Task<> Handoff::bringTo(NodeId node) {
  const ring::ViewPtr view = membership_.view();
  std::uint64_t brought = 0;
  Status outcome;
  Key after;
  do {
    const Time begun = loop_.now();
    auto hints = co_await hints_.page(node, std::move(after), begun + settings_.timing.call);
    if (!hints) {
      outcome = hints.error();
      break;
    }
    const auto page = std::make_shared<Page>(loop_);
    page->view = view;
    after = std::move(hints->after);
    auto done = co_await bringPage(page, node, std::move(hints->hints));
    outcome = done;
    brought += page->brought;
    co_await wake_.waitUntil(loop_.now() + std::min<Duration>(loop_.now() - begun, std::chrono::seconds(1)));
  } while (outcome && !after.empty() && !stopping_);
  if (brought == 0) co_return;
  journal_.note(Severity::Info, "hints.brought",
                fmt::format("to={} entries={}{}", peers_.nameOf(node), brought,
                            outcome ? "" : fmt::format(" why=\"{}\"", outcome.error().text)));
}

Task<Status> Handoff::bringPage(PagePtr page, NodeId node, std::vector<store::Hints::Hint> hints) {
  auto read = co_await readRows(page, node, std::move(hints));
  if (!read || page->rows.empty()) co_return read;
  wire::Holds question;
  for (const store::RowPtr& row : page->rows) question.entries.push_back(row->entry);
  const Deadline deadline = loop_.now() + 2 * settings_.timing.call;
  auto answer = co_await peers_.ask(node, page->view, std::move(question), Body(), deadline);
  if (!answer) co_return answer.error();
  const std::vector<wire::Held>& held = answer->answer.entries;
  if (held.size() != page->rows.size()) co_return Error{Kind::Unavailable, "an answer to another question"};
  for (std::size_t i = 0; i < held.size(); ++i) {
    const Entry& entry = page->rows[i]->entry;
    if (held[i] == wire::Held::Holds) hints_.handed(node, entry.key, entry.version);
    if (held[i] != wire::Held::Lacks) continue;
    co_await throttle_.pay(entry.key.size() + entry.size);
    while (page->running >= kCopiesAtOnce) co_await page->changed.wait();
    ++page->running;
    background_.spawn(bring(page, node, page->rows[i]));
  }
  while (page->running > 0) co_await page->changed.wait();
  co_return page->outcome;
}

/// Reads what is to be brought now; notes of what is not are dropped.
Task<Status> Handoff::readRows(PagePtr page, NodeId node, std::vector<store::Hints::Hint> hints) {
  const Deadline deadline = loop_.now() + settings_.timing.call;
  for (const store::Hints::Hint& hint : hints) {
    if (!isNeeded(*page->view, node, hint)) {
      hints_.handed(node, hint.key, hint.version);
      continue;
    }
    auto row = co_await store_.row(hint.key, deadline);
    // A row that cannot be read is for others to bring.
    if (!row && row.error().kind != Kind::Corrupt) co_return row.error();
    if (row && *row && (*row)->entry.version >= hint.version) {
      page->rows.push_back(std::move(*row));
    } else {
      hints_.handed(node, hint.key, hint.version);
    }
  }
  co_return Status();
}

Task<> Handoff::bring(PagePtr page, NodeId node, store::RowPtr row) {
  // No mark of this node's goes with it: what is settled there needs nothing late.
  auto sent = co_await copier_.send(row, node, page->view, wire::From::Hint, Version());
  if (sent) {
    ++page->brought;
    hints_.handed(node, row->entry.key, row->entry.version);
  } else if (page->outcome) {
    page->outcome = sent;
  }
  --page->running;
  page->changed.notifyAll();
}

}  // namespace mydht::cluster
