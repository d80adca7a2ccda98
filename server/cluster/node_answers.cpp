#include <fmt/format.h>

#include "server/cluster/node.h"

/// The far end of other nodes' calls: reads the message, calls the part that it is for, packs the answer.
namespace mydht::cluster {
namespace {

const Error kUnreadable{Kind::BadRequest, "a message between nodes that cannot be read"};

}  // namespace

Call Node::packed(std::string payload, Body body) const {
  return {wire::packAnswer(peers_.speaker(membership_.view()), payload), std::move(body)};
}

Status Node::meant(const wire::Request& request) {
  if (request.to == 0 || request.to == membership_.self().node) return {};
  const ring::ViewPtr view = membership_.view();
  const bool ours = view && request.from.ringIdentity == view->ringIdentity();
  if (view && !ours && request.from.ringIdentity != 0 && !addressTaken_.exchange(true)) {
    world_.journal.note(
        Severity::Error, "ring.address-taken",
        fmt::format("ring={:016x} says=\"this address is a member's of that ring: start this node with -s\"",
                    request.from.ringIdentity));
  }
  return Error{Kind::Unavailable,
               fmt::format("{} is another node ({:016x}) now", settings_.hostPort, membership_.self().node)};
}

Task<Result<Call>> Node::handle(Call request, Deadline deadline) {
  ++answering_;
  auto answered = co_await handleCounted(std::move(request), deadline);
  --answering_;
  co_return answered;
}

Task<Result<Call>> Node::handleCounted(Call request, Deadline deadline) {
  auto unpacked = wire::unpackRequest(request.message.view());
  if (!unpacked) co_return unpacked.error();
  if (!identified_) co_return Error{Kind::Unavailable, "this node is starting"};
  Result<Call> answered = Error{Kind::Stopped, "this node is stopping"};
  const Status addressed = meant(*unpacked);
  if (!addressed) {
    answered = addressed.error();
  } else if (!stopping_) {
    auto result = co_await answer(*unpacked, std::move(request.body), deadline);
    answered = std::move(result);
  }
  peers_.heard(unpacked->from);
  if (answered) co_return answered;
  const Error error = answered.error();
  const ring::ViewPtr view = membership_.view();
  const std::string payload = error.kind == Kind::OlderRing && view
                                  ? wire::payloadOf(wire::ViewMessage{membership_.viewLists()})
                                  : std::string();
  co_return Call{wire::packError(peers_.speaker(view), error, payload), Bytes()};
}

Task<Result<Call>> Node::answer(wire::Request request, Body body, Deadline deadline) {
  if (wire::isAboutRing(request.type)) {
    auto answered = co_await answerRing(std::move(request), deadline);
    co_return answered;
  }
  if (request.type == wire::MessageType::ListKeys) {
    auto answered = co_await answerList(std::move(request), deadline);
    co_return answered;
  }
  if (wire::isUpkeep(request.type)) {
    auto answered = co_await answerUpkeep(std::move(request), deadline);
    co_return answered;
  }
  auto answered = co_await answerData(std::move(request), std::move(body), deadline);
  co_return answered;
}

Task<Result<Call>> Node::answerUpkeep(wire::Request request, Deadline deadline) {
  switch (request.type) {
    case wire::MessageType::CompareTrees: {
      auto message = wire::readPayload<wire::CompareTrees>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await trees_.compareTrees(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::EntryHeads: {
      auto message = wire::readPayload<wire::EntryHeads>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await trees_.entryHeads(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::Holds: {
      auto message = wire::readPayload<wire::Holds>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await trees_.holds(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::Close: {
      auto message = wire::readPayload<wire::Close>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await settler_.close(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::Settle: {
      auto message = wire::readPayload<wire::Settle>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await settler_.settle(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed({});
    }
    case wire::MessageType::Hint: {
      auto message = wire::readPayload<wire::Hint>(request.payload);
      if (!message) co_return kUnreadable;
      co_await handoff_.note(std::move(*message));
      co_return packed({});
    }
    case wire::MessageType::Action: {
      const ring::ViewPtr view = membership_.view();
      auto message = wire::readPayload<wire::Action>(request.payload);
      if (!message) co_return kUnreadable;
      if (!view || request.from.ringIdentity != view->ringIdentity())
        co_return Error{Kind::Conflict, "this node is no member of that ring"};
      auto answered = co_await actions_.act(*message);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    default:
      co_return kUnreadable;
  }
}

Task<Result<Call>> Node::answerRing(wire::Request request, Deadline deadline) {
  const ring::ViewPtr view = membership_.view();
  switch (request.type) {
    case wire::MessageType::Hello: {
      const store::PeerState known = peers_.remembered(request.from.node);
      co_return packed(wire::payloadOf(wire::HelloAnswer{known.boot, known.synced}));
    }
    case wire::MessageType::GetView: {
      if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
      co_return packed(wire::payloadOf(wire::ViewMessage{membership_.viewLists()}));
    }
    case wire::MessageType::Join: {
      auto join = wire::readPayload<wire::Join>(request.payload);
      if (!join) co_return kUnreadable;
      auto taken = co_await joining_.takeIn(std::move(*join), request.from.node, request.from.boot, deadline);
      if (!taken) co_return taken.error();
      co_return packed(wire::payloadOf(wire::ViewMessage{membership_.viewLists()}));
    }
    default:
      break;
  }
  if (!view || request.from.ringIdentity != view->ringIdentity()) {
    co_return Error{Kind::Conflict, "this node is no member of that ring"};
  }
  switch (request.type) {
    case wire::MessageType::Adopt: {
      auto message = wire::readPayload<wire::Adopt>(request.payload);
      if (!message) co_return kUnreadable;
      auto adopted = co_await membership_.adopt(message->view);
      if (!adopted) co_return adopted.error();
      co_return packed({});
    }
    case wire::MessageType::Propose: {
      auto message = wire::readPayload<wire::Propose>(request.payload);
      if (!message) co_return kUnreadable;
      auto accepted = co_await membership_.accept(message->list);
      if (!accepted) co_return accepted.error();
      co_return packed(wire::payloadOf(whatIsNew(request.from, message->list, std::move(*accepted))));
    }
    case wire::MessageType::Filled: {
      auto message = wire::readPayload<wire::Filled>(request.payload);
      if (!message) co_return kUnreadable;
      // Who holds that a version is complete must know the version: a later proposal meets it here.
      auto caughtUp = co_await home_.catchUp(request.from, deadline);
      if (!caughtUp) co_return caughtUp.error();
      auto accepted = co_await membership_.holdComplete(message->version, message->agreed);
      if (!accepted) co_return accepted.error();
      co_return packed(wire::payloadOf(whatIsNew(request.from, message->agreed, std::move(*accepted))));
    }
    case wire::MessageType::Gossip: {
      auto message = wire::readPayload<wire::Gossip>(request.payload);
      if (!message) co_return kUnreadable;
      auto heard = co_await hearGossip(request.from, std::move(*message), deadline);
      if (!heard) co_return heard.error();
      co_await switchTo(loop_);
      co_return packed(wire::payloadOf(gossipMessage()));
    }
    case wire::MessageType::Probe: {
      auto answered = co_await answerProbe(std::move(request), deadline);
      co_return answered;
    }
    case wire::MessageType::Standing:
    case wire::MessageType::Leave: {
      auto answered = co_await answerLeaving(std::move(request), deadline);
      co_return answered;
    }
    default:
      co_return kUnreadable;
  }
}

/// What the asker of a proposal does not know yet: with two active versions at most, the newest and the newest complete
/// one are all of them.
wire::ProposeAnswer Node::whatIsNew(const wire::Speaker& asker, const ring::MemberList& proposed,
                                    ring::MemberList accepted) const {
  wire::ProposeAnswer answer;
  if (accepted != proposed) answer.accepted = std::move(accepted);
  const ring::ViewPtr view = membership_.view();
  const bool known = asker.newest == view->newest().name() && asker.complete == view->complete().name();
  if (!known || view->active().size() > 2) answer.view = membership_.viewLists();
  return answer;
}

Task<Result<Call>> Node::answerProbe(wire::Request request, Deadline deadline) {
  auto message = wire::readPayload<wire::Probe>(request.payload);
  if (!message) co_return kUnreadable;
  auto answered = co_await prober_.answer(request.from.node, std::move(*message), deadline);
  if (!answered) co_return answered.error();
  co_return packed(wire::payloadOf(*answered));
}

Task<Result<Call>> Node::answerLeaving(wire::Request request, Deadline deadline) {
  if (request.type == wire::MessageType::Leave) {
    auto begun = co_await askToLeave("", deadline);
    if (!begun) co_return begun.error();
    co_return packed({});
  }
  auto message = wire::readPayload<wire::Standing>(request.payload);
  if (!message) co_return kUnreadable;
  // Nobody may leave or be removed on the word of a node that could not agree to it.
  if (!membership_.confirmed()) co_return notConfirmed();
  if (const auto failure = world_.disk.failure()) {
    co_return Error{Kind::Unavailable,
                    "its disk has failed and can agree to nothing until it is started again: " + failure->text};
  }
  co_await switchTo(loop_);
  co_return packed(wire::payloadOf(memberChanges_.answer(request.from.node, *message)));
}

Task<Result<Call>> Node::answerVote(wire::Request request, Deadline deadline) {
  auto message = wire::readPayload<wire::Vote>(request.payload);
  if (!message) co_return kUnreadable;
  const std::uint64_t valueUpTo = message->valueUpTo;
  auto vote = co_await home_.vote(request.from, std::move(*message), deadline);
  if (!vote) co_return vote.error();
  wire::VoteAnswer answer;
  answer.settled = vote->settled;
  Body body = Bytes();
  if (vote->row) {
    answer.entry = vote->row->entry;
    const Entry& entry = vote->row->entry;
    if (!entry.tombstone && valueUpTo > 0 && entry.size <= valueUpTo) {
      auto opened = co_await home_.open(vote->row, 0, entry.size, deadline);
      // NotFound: replaced since the vote, which still says what was held; the value just does not come along.
      if (!opened && opened.error().kind != Kind::NotFound) co_return opened.error();
      answer.withValue = opened.ok();
      if (opened) body = std::move(*opened);
    }
  }
  co_return packed(wire::payloadOf(answer), std::move(body));
}

Task<Result<Call>> Node::answerList(wire::Request request, Deadline deadline) {
  auto message = wire::readPayload<wire::ListKeys>(request.payload);
  if (!message) co_return kUnreadable;
  auto page = co_await listAnswerer_.answer(request.from, std::move(*message), deadline);
  if (!page) co_return page.error();
  co_return packed(wire::payloadOf(*page));
}

Task<Result<Call>> Node::answerData(wire::Request request, Body body, Deadline deadline) {
  switch (request.type) {
    case wire::MessageType::Vote: {
      auto answered = co_await answerVote(std::move(request), deadline);
      co_return answered;
    }
    case wire::MessageType::Offer: {
      auto message = wire::readPayload<wire::Offer>(request.payload);
      if (!message) co_return kUnreadable;
      auto value = co_await collect(std::move(body), limits::kInlineBytes, deadline);
      if (!value) co_return value.error();
      if (value->size() != message->entry.size) co_return Error{Kind::BadRequest, "an offer whose value is cut short"};
      auto answered = co_await home_.offer(request.from, std::move(*message), std::move(*value), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::Stage: {
      auto message = wire::readPayload<wire::Stage>(request.payload);
      if (!message) co_return kUnreadable;
      auto staged = co_await home_.stage(request.from, std::move(*message), sourceOf(std::move(body)), deadline);
      if (!staged) co_return staged.error();
      co_return packed(wire::payloadOf(*staged));
    }
    case wire::MessageType::Publish: {
      auto message = wire::readPayload<wire::Publish>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await home_.publish(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::Discard: {
      auto message = wire::readPayload<wire::Discard>(request.payload);
      if (!message) co_return kUnreadable;
      home_.discard(*message);
      co_return packed({});
    }
    case wire::MessageType::FetchStaged: {
      auto message = wire::readPayload<wire::FetchStaged>(request.payload);
      if (!message) co_return kUnreadable;
      auto opened = co_await home_.staged(*message, deadline);
      if (!opened) co_return opened.error();
      co_return packed({}, std::move(*opened));
    }
    case wire::MessageType::FetchBody: {
      auto message = wire::readPayload<wire::FetchBody>(request.payload);
      if (!message) co_return kUnreadable;
      auto opened = co_await home_.body(std::move(*message), deadline);
      if (!opened) co_return opened.error();
      co_return packed({}, std::move(*opened));
    }
    case wire::MessageType::FillPage: {
      auto message = wire::readPayload<wire::FillPage>(request.payload);
      if (!message) co_return kUnreadable;
      auto answered = co_await home_.fillPage(request.from, std::move(*message), deadline);
      if (!answered) co_return answered.error();
      co_return packed(wire::payloadOf(*answered));
    }
    case wire::MessageType::Repair: {
      auto message = wire::readPayload<wire::Repair>(request.payload);
      if (!message) co_return kUnreadable;
      auto repaired = co_await home_.repair(request.from, std::move(*message), deadline);
      if (!repaired) co_return repaired.error();
      co_return packed({});
    }
    default:
      co_return kUnreadable;
  }
}

}  // namespace mydht::cluster
