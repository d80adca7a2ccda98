#include "server/access/secret.h"

#include <fmt/format.h>

#include "common/result/check.h"

namespace mydht::access {

void Secret::set(std::optional<std::string> text) {
  MYDHT_ASSERT(!text || !text->empty());
  auto next = text ? std::make_shared<const std::string>(std::move(*text)) : nullptr;
  const std::lock_guard lock(mutex_);
  text_ = std::move(next);
}

std::string authorize(const std::string& secret, const protocol::SignedParts& parts, const Clock& clock,
                      Random& random) {
  const std::uint64_t first = random.next();
  const std::uint64_t second = random.next();
  const std::string nonce = fmt::format("{:016x}{:016x}", first, second);
  return protocol::printSignature(protocol::sign(secret, parts, clock.wallMicros(), nonce));
}

}  // namespace mydht::access
