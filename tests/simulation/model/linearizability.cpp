#include "tests/simulation/model/linearizability.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "common/result/check.h"

namespace mydht::model {

namespace {

/// Depth-first over what may come next; `tried` holds (calls done, value then) that led nowhere.
class Search {
 public:
  explicit Search(const std::vector<Call>& calls) : calls_(calls) {
    MYDHT_ASSERT(calls.size() <= 64);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (calls[i].finished) mustDo_ |= std::uint64_t{1} << i;
    }
  }

  bool from(std::uint64_t done, unsigned value) {
    if ((mustDo_ & ~done) == 0) return true;
    if (!tried_.insert({done, value}).second) return false;
    unsigned firstEnd = std::numeric_limits<unsigned>::max();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if ((done >> i & 1) == 0 && calls_[i].finished) firstEnd = std::min(firstEnd, calls_[i].end);
    }
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const Call& call = calls_[i];
      if ((done >> i & 1) != 0 || call.start > firstEnd) continue;
      if (!call.write && call.value != value) continue;
      if (from(done | std::uint64_t{1} << i, call.write ? call.value : value)) return true;
    }
    return false;
  }

 private:
  const std::vector<Call>& calls_;
  std::uint64_t mustDo_ = 0;
  std::set<std::pair<std::uint64_t, unsigned>> tried_;
};

/// A get that met nothing at all says that everything up to its mark is deleted: the last that is known must say so
/// too.
bool explained(const Call& none, const std::vector<Call>& calls) {
  const Call* last = nullptr;
  for (const Call& call : calls) {
    if (!call.finished || call.none || call.witness > none.witness) continue;
    if (last == nullptr || call.witness > last->witness) last = &call;
  }
  return last == nullptr || last->value == 0;
}

}  // namespace

bool witnessesInOrder(const std::vector<Call>& calls) {
  for (const Call& before : calls) {
    if (!before.finished) continue;
    if (before.none && !explained(before, calls)) return false;
    for (const Call& after : calls) {
      if (after.start <= before.end || !after.finished) continue;
      if (after.witness < before.witness) return false;
      if (after.write && after.witness == before.witness) return false;
    }
  }
  return true;
}

bool linearizable(const std::vector<Call>& calls) {
  return Search(calls).from(0, 0);
}

}  // namespace mydht::model
