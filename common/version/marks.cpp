#include "common/version/marks.h"

#include <algorithm>

#include "common/result/limits.h"

namespace mydht {

Marks mergeMarks(const Marks& a, const Marks& b) {
  return {std::max(a.closed, b.closed), std::max(a.settled, b.settled)};
}

bool isTooFarAhead(const Version& written, std::int64_t clockMicros, const Version& stored, const Version& closed) {
  const std::int64_t known = std::max({clockMicros, stored.physicalMicros, closed.physicalMicros});
  // Compared by difference, since a hostile time near the end of the range must not overflow a sum.
  return written.physicalMicros > known &&
         static_cast<std::uint64_t>(written.physicalMicros) - static_cast<std::uint64_t>(known) >
             static_cast<std::uint64_t>(limits::kFutureMicros);
}

const Entry* newestOfVotes(std::span<const Vote> votes) {
  Version settled;
  for (const Vote& vote : votes) settled = std::max(settled, vote.settled);
  const Entry* newest = nullptr;
  for (const Vote& vote : votes) {
    if (vote.entry == nullptr || !mayTakeCopy(vote.entry->version, vote.settled, settled)) continue;
    if (newest == nullptr || supersedes(*vote.entry, *newest)) newest = vote.entry;
  }
  return newest;
}

}  // namespace mydht
