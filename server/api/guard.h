#pragma once

#include <atomic>
#include <optional>

#include "server/http/routes.h"

namespace mydht::api {

/// Refuses who may not call a route (protected mode: only this machine changes anything), and clients while the node
/// does not serve yet or any more; other nodes are let in then, since a node needs their calls to start. Owned by node,
/// any loop.
class Guard final : public http::Guard {
 public:
  std::optional<http::Response> refuse(const http::Request& request, http::Caller caller) override;
  /// From now on clients are answered, or no longer.
  void setServing(bool serving) { serving_ = serving; }

 private:
  std::atomic<bool> serving_{false};
};

}  // namespace mydht::api
