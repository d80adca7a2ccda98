#include "server/cluster/list_answerer.h"

#include <fmt/format.h>

namespace mydht::cluster {
namespace {

// The rest of a message is for what an entry takes beside its key, and for what covers which partition.
constexpr std::size_t kMostBytes = limits::kMessageBytes / 4;
// More nobody shows at once.
constexpr std::size_t kMostItems = 1000;

}  // namespace

Status ListAnswerer::fits(const wire::Speaker& from) const {
  const ring::ViewPtr view = membership_.view();
  if (from.newest != view->newest().name() || from.complete != view->complete().name()) {
    return Error{Kind::OlderRing, "the ring has changed since"};
  }
  return {};
}

Task<Result<wire::ListKeysAnswer>> ListAnswerer::answer(wire::Speaker from, wire::ListKeys message, Deadline deadline) {
  const auto view = membership_.view();
  if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
  if (from.ringIdentity != view->ringIdentity()) {
    co_return Error{Kind::Conflict,
                    fmt::format("this node is a member of another ring ({:016x})", view->ringIdentity())};
  }
  auto caughtUp = co_await home_.catchUp(from, deadline);
  if (!caughtUp) co_return caughtUp.error();
  if (const Status fit = fits(from); !fit) co_return fit.error();
  if (!membership_.confirmed()) co_return notConfirmed();
  const StandingPtr standing = membership_.standing();
  // As home of the complete version a node may hold all that it should while it fills anew for a newer one.
  auto covered = std::make_shared<const store::PartitionSet>(standing->filled | standing->sources);
  auto answer = co_await read(std::move(message), covered, deadline);
  if (!answer) co_return answer.error();
  // What was purged since it was read would look as if it had never been there.
  if (const Status fit = fits(from); !fit) co_return fit.error();
  answer->covered = store::bitsOf(*covered);
  co_return answer;
}

Task<Result<wire::ListKeysAnswer>> ListAnswerer::answerHere(wire::ListKeys message, Deadline deadline) {
  auto answer = co_await read(std::move(message), nullptr, deadline);
  co_return answer;
}

Task<Result<wire::ListKeysAnswer>> ListAnswerer::read(wire::ListKeys message,
                                                      std::shared_ptr<const store::PartitionSet> partitions,
                                                      Deadline deadline) {
  store::ListOrder order{std::move(message.prefix),
                         std::move(message.from),
                         std::move(message.delimiter),
                         std::min<std::size_t>(message.limit, kMostItems),
                         kMostBytes,
                         std::move(partitions)};
  if (order.most == 0) co_return Error{Kind::BadRequest, "a listing of nothing"};
  auto page = co_await store_.list(std::move(order), deadline);
  if (!page) co_return page.error();
  wire::ListKeysAnswer answer;
  answer.entries = std::move(page->entries);
  answer.prefixes = std::move(page->prefixes);
  answer.next = std::move(page->next);
  co_return answer;
}

}  // namespace mydht::cluster
