#include "common/version/entry.h"

namespace mydht {

std::strong_ordering compareEntries(const Entry& a, const Entry& b) {
  if (const auto order = a.version <=> b.version; order != 0) return order;
  if (const auto order = a.tombstone <=> b.tombstone; order != 0) return order;
  if (const auto order = a.sha256 <=> b.sha256; order != 0) return order;
  return a.contentType <=> b.contentType;
}

}  // namespace mydht
