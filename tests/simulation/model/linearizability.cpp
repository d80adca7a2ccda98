#include "tests/simulation/model/linearizability.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "common/result/check.h"

namespace mydht::model {

namespace {

/// States that one history may cost: far beyond what a run of the model has, and still little memory.
constexpr std::size_t kTried = 4'000'000;

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
    done = takeReads(done, value);
    if ((mustDo_ & ~done) == 0) return true;
    if (!tried_.insert({done, value}).second) return false;
    MYDHT_ASSERT(tried_.size() < kTried);
    const unsigned firstEnd = firstEndAfter(done);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const Call& call = calls_[i];
      if ((done >> i & 1) != 0 || !call.write || call.start > firstEnd) continue;
      // A write that was never answered is only worth its place if somebody still has to read it.
      if (!call.finished && !stillRead(done, call.value)) continue;
      if (from(done | std::uint64_t{1} << i, call.value)) return true;
    }
    return false;
  }

 private:
  unsigned firstEndAfter(std::uint64_t done) const {
    unsigned firstEnd = std::numeric_limits<unsigned>::max();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if ((done >> i & 1) == 0 && calls_[i].finished) firstEnd = std::min(firstEnd, calls_[i].end);
    }
    return firstEnd;
  }

  bool stillRead(std::uint64_t done, unsigned value) const {
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if ((done >> i & 1) == 0 && !calls_[i].write && calls_[i].value == value) return true;
    }
    return false;
  }

  /// A read that may come now and finds its value loses nothing by coming now: no need to try it later.
  std::uint64_t takeReads(std::uint64_t done, unsigned value) const {
    const unsigned firstEnd = firstEndAfter(done);
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const Call& call = calls_[i];
      if ((done >> i & 1) != 0 || call.write || call.value != value || call.start > firstEnd) continue;
      return takeReads(done | std::uint64_t{1} << i, value);
    }
    return done;
  }

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
