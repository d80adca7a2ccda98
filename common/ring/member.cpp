#include "common/ring/member.h"

#include <algorithm>
#include <tuple>

#include "common/result/check.h"

namespace mydht::ring {

namespace {

/// What the higher number decides, with the tie-breakers behind it: one total order, so that taking the greater is a
/// join.
auto contentOrder(const Member& member) {
  return std::tie(member.number, member.tokenSeed, member.weightHundredths, member.zone);
}

}  // namespace

Member mergeMembers(const Member& a, const Member& b) {
  MYDHT_ASSERT(a.id == b.id);
  Member merged = contentOrder(a) < contentOrder(b) ? b : a;
  merged.rank = std::max(a.rank, b.rank);
  return merged;
}

}  // namespace mydht::ring
