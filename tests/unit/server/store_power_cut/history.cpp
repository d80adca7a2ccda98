#include "tests/unit/server/store_power_cut/history.h"

#include <algorithm>

namespace mydht {
namespace {

bool contains(const std::vector<Version>& versions, const Version& version) {
  return std::ranges::find(versions, version) != versions.end();
}

}  // namespace

void History::begin(const Asked& asked) {
  if (asked.kind == Asked::Kind::Offer) keys_[asked.entry.key].offered.push_back(asked.entry);
  if (asked.kind == Asked::Kind::Forget) keys_[asked.entry.key].mayBeGone.push_back(asked.entry.version);
  if (asked.kind == Asked::Kind::Settle) marks_[asked.partition].begun = asked.settled;
}

void History::acknowledge(const Asked& asked, std::uint64_t batch) {
  lastBatch_ = std::max(lastBatch_, batch);
  ++acknowledged_;
  if (asked.kind == Asked::Kind::Settle) marks_[asked.partition].reached = asked.settled;
  if (asked.kind == Asked::Kind::Forget) keys_[asked.entry.key].mustBeGone.push_back(asked.entry.version);
  if (asked.kind != Asked::Kind::Offer) return;
  std::optional<Entry>& there = keys_[asked.entry.key].there;
  if (!there || compareEntries(asked.entry, *there) > 0) there = asked.entry;
}

std::vector<Key> History::keys() const {
  std::vector<Key> keys;
  for (const auto& [key, known] : keys_) keys.push_back(key);
  return keys;
}

std::string History::wrongWith(const Key& key, const Entry* held) const {
  const Known& known = keys_.at(key);
  if (held == nullptr) {
    const bool mayBeNone = !known.there || contains(known.mayBeGone, known.there->version);
    return mayBeNone ? "" : key + " is not there";
  }
  if (std::ranges::find(known.offered, *held) == known.offered.end()) return key + " is what nobody offered";
  if (known.there && compareEntries(*held, *known.there) < 0) return key + " has gone back";
  return contains(known.mustBeGone, held->version) ? key + " is there again" : "";
}

std::string History::wrongMark(PartitionId partition, const Version& settled) const {
  const auto at = marks_.find(partition);
  const Mark mark = at == marks_.end() ? Mark() : at->second;
  if (settled == mark.begun || settled == mark.reached) return "";
  return "a mark of partition " + std::to_string(partition) + " is not there";
}

}  // namespace mydht
