#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "common/result/types.h"
#include "common/version/version.h"

namespace mydht {

/// What is known of one version of a key, without its value. A delete is an entry too (a tombstone: size 0).
struct Entry {
  Key key;
  Version version;
  std::uint64_t size = 0;
  Digest sha256{};
  std::string contentType;
  bool tombstone = false;

  bool operator==(const Entry&) const = default;
};

/// The merge rule, last writer wins: orders two entries of one key by version, then tombstone after value, then
/// SHA-256, so that equal time with different content is never "equal". A total order, hence taking the greater one is
/// commutative, associative and idempotent; the content type counts last.
std::strong_ordering compareEntries(const Entry& a, const Entry& b);

/// Whether `offered` takes the place of `held`.
inline bool supersedes(const Entry& offered, const Entry& held) {
  return compareEntries(offered, held) > 0;
}

}  // namespace mydht
