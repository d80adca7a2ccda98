#include "common/hash/checksum.h"

#include <xxhash.h>

namespace mydht {

std::uint64_t checksumOf(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace mydht
