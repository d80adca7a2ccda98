#include "server/store/listing.h"

#include <algorithm>

#include "server/store/key_order.h"
#include "server/store/store.h"

namespace mydht::store {
namespace {

// A scan reads at most this much at once: some thousand keys.
constexpr std::size_t kMostScanned = 512 * 1024;
constexpr std::size_t kLeastScanned = 16 * 1024;
// What a listing's row takes beside its key, about.
constexpr std::size_t kRowBytes = 96;
// So many rows are passed over at most before a page ends, however little was found: tombstones, keys of partitions
// that are not asked for. A caller's deadline is looked at between pages.
constexpr std::size_t kMostPassed = 64 * 1024;

/// A page of a listing as it grows: takes the rows in order, says where the next scan has to begin.
class Growing {
 public:
  explicit Growing(ListOrder order) : order_(std::move(order)) {}

  const ListOrder& order() const { return order_; }
  bool full() const { return taken_ >= order_.most || bytes_ >= order_.mostBytes; }
  /// Whether a key is none of those that are wanted, by its bytes alone: no need to read more of it.
  bool passes(std::string_view key) const {
    return (skipTo_ && key < *skipTo_) || (order_.partitions && !order_.partitions->test(partitionOf(key)));
  }
  /// Whether nothing that is wanted can come any more.
  bool over() const { return over_; }
  /// Where a scan that would begin at `name` had better begin: behind what is rolled up already.
  std::string resume(std::string name) const {
    return skipTo_ ? std::max(std::move(name), listRowName(*skipTo_)) : name;
  }

  void take(Entry entry) {
    const auto prefix = rolledUp(entry.key, order_.prefix, order_.delimiter);
    if (prefix && entry.tombstone) return;
    ++taken_;
    bytes_ += entry.key.size() + kRowBytes;
    if (!prefix) {
      page_.entries.push_back(std::move(entry));
      return;
    }
    page_.prefixes.emplace_back(*prefix);
    skipTo_ = beyondPrefix(*prefix);
    over_ = !skipTo_;
  }
  ListPage end(Key next) && {
    page_.next = std::move(next);
    return std::move(page_);
  }

 private:
  const ListOrder order_;
  ListPage page_;
  std::optional<Key> skipTo_;
  bool over_ = false;
  std::size_t taken_ = 0;
  std::size_t bytes_ = 0;
};

/// How much to read at once: about as much as is still wanted.
std::size_t scanBytes(const ListOrder& order) {
  return std::clamp(std::min(order.most, kMostScanned) * kRowBytes, kLeastScanned, kMostScanned);
}

/// Behind a row that is rolled up, the disk goes on behind all that are rolled up with it: a folder costs one seek,
/// however much lies in it. A tombstone does not, since it makes no folder; nor does what is not asked for.
RowSkip skipOf(const ListOrder& order) {
  if (order.delimiter.empty()) return {};
  return [prefix = order.prefix, delimiter = order.delimiter, partitions = order.partitions](std::string_view name,
                                                                                             std::string_view content) {
    const std::string_view key = name.substr(1);
    const auto folder = rolledUp(key, prefix, delimiter);
    if (!folder || content.empty() || (partitions && !partitions->test(partitionOf(key)))) return std::string();
    const auto entry = decodeListRow(name, content);
    if (!entry || entry->tombstone) return std::string();
    const auto beyond = beyondPrefix(*folder);
    return beyond ? listRowName(*beyond) : std::string();
  };
}

}  // namespace

/// The entry of a row that was written before rows of the listing had a content.
Task<Result<std::optional<Entry>>> Store::entryOf(Key key, Deadline deadline) {
  auto held = co_await row(std::move(key), deadline);
  if (!held) co_return held.error();
  if (!*held) co_return std::optional<Entry>();
  co_return std::optional<Entry>((*held)->entry);
}

Task<Result<ListPage>> Store::list(ListOrder order, Deadline deadline) {
  std::string from = listRowName(std::max(order.prefix, order.from));
  const std::optional<Key> beyond = beyondPrefix(order.prefix);
  const std::string to = beyond ? listRowName(*beyond) : std::string("l");
  const std::size_t bytes = scanBytes(order);
  const RowSkip skip = skipOf(order);
  Growing growing(std::move(order));
  std::size_t passed = 0;
  while (!from.empty() && from < to && !growing.over()) {
    if (growing.full() || passed > kMostPassed) co_return std::move(growing).end(from.substr(1));
    auto page = co_await disk_.scanSkipping(from, to, bytes, skip, deadline);
    if (!page) co_return page.error().within("list keys");
    passed += page->rows.size();
    for (const auto& [name, content] : page->rows) {
      const std::string_view key = std::string_view(name).substr(1);
      if (growing.over()) break;
      if (growing.passes(key)) continue;
      if (growing.full()) co_return std::move(growing).end(Key(key));
      std::optional<Entry> entry;
      if (content.empty()) {
        auto read = co_await entryOf(Key(key), deadline);
        if (!read) co_return read.error();
        entry = std::move(*read);
      } else {
        auto read = decodeListRow(name, content.view());
        if (!read) co_return read.error();
        entry = std::move(*read);
      }
      if (entry) growing.take(std::move(*entry));
    }
    if (page->next.empty()) break;
    from = growing.resume(std::move(page->next));
  }
  co_return std::move(growing).end({});
}

Task<Result<KeyPage>> Store::keys(std::string prefix, Key after, std::size_t most, Deadline deadline) {
  KeyPage result;
  ListOrder order{std::move(prefix), {}, {}, most, kMostScanned};
  if (!after.empty()) order.from = after + '\0';
  while (result.keys.size() < most) {
    order.most = most - result.keys.size();
    auto page = co_await list(order, deadline);
    if (!page) co_return page.error();
    for (Entry& entry : page->entries) {
      if (!entry.tombstone) result.keys.push_back(std::move(entry.key));
    }
    order.from = std::move(page->next);
    if (order.from.empty()) co_return result;
  }
  if (!result.keys.empty()) result.after = result.keys.back();
  co_return result;
}

}  // namespace mydht::store
