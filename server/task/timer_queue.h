#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/result/check.h"
#include "server/task/executor.h"

namespace mydht {

/// Payloads in order of their times, those of the same time in the order in which they were added. Adding, taking the
/// first and taking any back cost O(log n), and nothing is allocated once it has grown. Owned by an executor; own
/// thread.
template <class Payload>
class TimerQueue {
 public:
  /// Returns the timer's number, never 0 and not used again before 2^32 others went through the same slot.
  std::uint64_t add(Time when, Payload payload) {
    const std::uint32_t slot = freeSlot();
    slots_[slot].payload = std::move(payload);
    heap_.push_back({when, order_++, slot});
    rise(heap_.size() - 1);
    return (std::uint64_t{slots_[slot].generation} << 32) | slot;
  }

  /// Takes a timer back; false when it was taken already.
  bool remove(std::uint64_t number) {
    const auto slot = static_cast<std::uint32_t>(number);
    if (slot >= slots_.size() || slots_[slot].generation != number >> 32 || slots_[slot].place == kNowhere)
      return false;
    unlink(slots_[slot].place);
    return true;
  }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }

  /// The earliest timer's time. Not to be asked of an empty queue.
  Time firstTime() const { return heap_.front().when; }

  /// Takes the earliest timer out. Not to be asked of an empty queue.
  Payload takeFirst() {
    MYDHT_ASSERT(!heap_.empty());
    Payload payload = std::move(slots_[heap_.front().slot].payload);
    unlink(0);
    return payload;
  }

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  struct Slot {
    Payload payload{};
    std::uint32_t generation = 1;
    std::size_t place = kNowhere;  ///< where in the heap its entry is
  };
  struct Entry {
    Time when;
    std::uint64_t order;
    std::uint32_t slot;
    bool before(const Entry& other) const { return when != other.when ? when < other.when : order < other.order; }
  };

  std::uint32_t freeSlot() {
    if (free_.empty()) {
      slots_.emplace_back();
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void put(std::size_t place, const Entry& entry) {
    heap_[place] = entry;
    slots_[entry.slot].place = place;
  }

  void rise(std::size_t place) {
    const Entry entry = heap_[place];
    while (place > 0 && entry.before(heap_[(place - 1) / 2])) {
      put(place, heap_[(place - 1) / 2]);
      place = (place - 1) / 2;
    }
    put(place, entry);
  }

  void sink(std::size_t place) {
    const Entry entry = heap_[place];
    while (true) {
      std::size_t child = 2 * place + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1].before(heap_[child])) ++child;
      if (!heap_[child].before(entry)) break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, entry);
  }

  void unlink(std::size_t place) {
    Slot& slot = slots_[heap_[place].slot];
    slot.payload = Payload{};
    slot.place = kNowhere;
    if (++slot.generation == 0) slot.generation = 1;
    free_.push_back(heap_[place].slot);
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) return;
    put(place, last);
    rise(place);
    sink(slots_[last.slot].place);
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Entry> heap_;
  std::uint64_t order_ = 0;
};

}  // namespace mydht
