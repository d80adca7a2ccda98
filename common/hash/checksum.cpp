#include "common/hash/checksum.h"

#include <xxhash.h>

#include "common/result/check.h"

namespace mydht {

std::uint64_t checksumOf(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

struct Checksum::State {
  XXH3_state_t* hash = XXH3_createState();
  ~State() { XXH3_freeState(hash); }
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  MYDHT_ASSERT(state_->hash != nullptr && XXH3_64bits_reset(state_->hash) == XXH_OK);
}

Checksum::~Checksum() = default;

void Checksum::add(std::string_view bytes) {
  XXH3_64bits_update(state_->hash, bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const {
  return XXH3_64bits_digest(state_->hash);
}

}  // namespace mydht
