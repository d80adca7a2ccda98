#pragma once

#include <atomic>
#include <optional>

#include "server/access/access_policy.h"
#include "server/http/routes.h"

namespace mydht::api {

/// Refuses who may not call a route, by the access policy, and clients while the node does not serve yet or any more;
/// other nodes are let in then, since a node needs their calls to start. Owned by node, borrows the policy; any loop.
class Guard final : public http::Guard {
 public:
  explicit Guard(access::AccessPolicy& policy) : policy_(policy) {}
  std::optional<http::Response> refuse(const http::Request& request, http::Caller caller) override;
  /// From now on clients are answered, or no longer.
  void setServing(bool serving) { serving_ = serving; }

 private:
  access::AccessPolicy& policy_;
  std::atomic<bool> serving_{false};
};

}  // namespace mydht::api
