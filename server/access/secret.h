#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "common/protocol/signature.h"
#include "server/ports/clock.h"
#include "server/ports/random.h"

namespace mydht::access {

/// The ring's secret as its file holds it now, if there is one; it can be exchanged while the server runs. Owned by
/// node, borrowed by who checks signatures and by who signs. Any thread.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::optional<std::string> text) { set(std::move(text)); }

  /// Exchanges it: requests that are checked or signed from now on go by the new one. An empty one is a mistake of the
  /// caller: nobody is to be let in by an empty file.
  void set(std::optional<std::string> text);
  /// The secret of this moment; null: there is none.
  std::shared_ptr<const std::string> current() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> text_;
};

/// The value of an Authorization field for a request of this node, with a fresh nonce.
std::string authorize(const std::string& secret, const protocol::SignedParts& parts, const Clock& clock,
                      Random& random);

}  // namespace mydht::access
