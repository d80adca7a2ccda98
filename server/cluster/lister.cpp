#include "server/cluster/lister.h"

#include <algorithm>

#include "server/store/key_order.h"

namespace mydht::cluster {
namespace {

// A ring that changes again and again is no reason to try forever.
constexpr unsigned kTries = 8;

/// An entry, or what keys were rolled up into; borrowed from an answer.
struct Item {
  std::string_view key;
  const Entry* entry;  // null: a prefix
};

/// The least key of which somebody has not spoken yet; empty: all have spoken of all.
Key boundOf(const std::map<NodeId, wire::ListKeysAnswer>& answers) {
  Key bound;
  for (const auto& [node, answer] : answers) {
    if (!answer.next.empty() && (bound.empty() || answer.next < bound)) bound = answer.next;
  }
  return bound;
}

/// All that was said below the bound, the same keys side by side.
std::vector<Item> itemsOf(const std::map<NodeId, wire::ListKeysAnswer>& answers, const Key& bound) {
  std::vector<Item> items;
  const auto add = [&](std::string_view key, const Entry* entry) {
    if (bound.empty() || key < bound) items.push_back({key, entry});
  };
  for (const auto& [node, answer] : answers) {
    for (const Entry& entry : answer.entries) add(entry.key, &entry);
    for (const Key& prefix : answer.prefixes) add(prefix, nullptr);
  }
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
  return items;
}

/// What is said of the item's key in all, as one item; `at` goes on behind it.
Item takeSame(const std::vector<Item>& items, std::size_t& at) {
  Item newest = items[at++];
  for (; at < items.size() && items[at].key == newest.key; ++at) {
    const Entry* const other = items[at].entry;
    const bool newer = newest.entry != nullptr && other != nullptr && supersedes(*other, *newest.entry);
    if (newer || newest.entry == nullptr) newest = items[at];
  }
  return newest;
}

/// The last key or prefix of a page that has any.
Key lastOf(const Listed& listed) {
  if (listed.prefixes.empty()) return listed.entries.back().key;
  if (listed.entries.empty()) return listed.prefixes.back();
  return std::max(listed.entries.back().key, listed.prefixes.back());
}

}  // namespace

std::optional<Key> mergeAnswers(const std::map<NodeId, wire::ListKeysAnswer>& answers, std::size_t mostItems,
                                std::size_t mostBytes, Listed& listed) {
  Key bound = boundOf(answers);
  const std::vector<Item> items = itemsOf(answers, bound);
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < items.size();) {
    const Item item = takeSame(items, at);
    const bool rolled = item.entry == nullptr;
    if (!rolled && item.entry->tombstone) continue;
    if (mostItems == 0 || bytes >= mostBytes) {
      listed.next = lastOf(listed);
      return std::nullopt;
    }
    --mostItems;
    bytes += item.key.size();
    if (rolled) {
      listed.prefixes.emplace_back(item.key);
    } else {
      listed.entries.push_back(*item.entry);
    }
  }
  if (bound.empty()) return std::nullopt;
  // Who has rolled a prefix up is done with it; another one may have stopped in the middle of it.
  if (!listed.prefixes.empty() && bound.starts_with(listed.prefixes.back())) {
    const auto beyond = store::beyondPrefix(listed.prefixes.back());
    if (!beyond) return std::nullopt;
    bound = *beyond;
  }
  if (mostItems > 0 && bytes < mostBytes) return bound;
  listed.next = lastOf(listed);
  return std::nullopt;
}

Task<Result<Lister::Answers>> Lister::ask(wire::ListKeys message, Consistency consistency, Deadline deadline) {
  for (unsigned attempt = 1;; ++attempt) {
    const ring::ViewPtr view = membership_.view();
    if (!view) co_return Error{Kind::Unavailable, "this node has not joined a ring yet"};
    const auto round = std::make_shared<ListRound>(executor_, settings_, peers_, answerer_, membership_.self().node,
                                                   view, message, consistency);
    auto asked = co_await round->run(background_, deadline);
    if (asked) co_return round->takeAnswers();
    if (asked.error().kind != Kind::OlderRing || executor_.now() >= deadline) co_return asked.error();
    if (attempt == kTries) co_return Error{Kind::Unavailable, "the ring is changing; try again"};
  }
}

Task<Result<Lister::Answers>> Lister::askHere(wire::ListKeys message, Deadline deadline) {
  auto answer = co_await answerer_.answerHere(std::move(message), deadline);
  if (!answer) co_return answer.error();
  Answers answers;
  answers.emplace(membership_.self().node, std::move(*answer));
  co_return answers;
}

Task<Result<Listed>> Lister::listPages(ListRequest request, bool here, Deadline deadline) {
  Listed listed;
  std::size_t bytes = 0;
  std::optional<Key> from = store::keyBehind(request.after, request.prefix, request.delimiter);
  while (from) {
    const std::size_t left = request.limit - listed.entries.size() - listed.prefixes.size();
    wire::ListKeys message{request.prefix, *from, request.delimiter, static_cast<std::uint32_t>(left)};
    Result<Answers> answers = Error{Kind::Unavailable, "nobody was asked"};
    if (here) {
      auto mine = co_await askHere(std::move(message), deadline);
      answers = std::move(mine);
    } else {
      auto all = co_await ask(std::move(message), request.consistency, deadline);
      answers = std::move(all);
    }
    if (!answers) co_return answers.error();
    from = mergeAnswers(*answers, left, kPageBytes - bytes, listed);
    bytes = 0;
    for (const Entry& entry : listed.entries) bytes += entry.key.size();
    for (const Key& prefix : listed.prefixes) bytes += prefix.size();
  }
  co_return listed;
}

Task<Result<Listed>> Lister::list(ListRequest request, Deadline deadline) {
  auto listed = co_await listPages(std::move(request), false, deadline);
  co_return listed;
}

Task<Result<Listed>> Lister::listHere(ListRequest request, Deadline deadline) {
  auto listed = co_await listPages(std::move(request), true, deadline);
  co_return listed;
}

}  // namespace mydht::cluster
