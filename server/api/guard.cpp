#include "server/api/guard.h"

#include <string_view>

#include "server/api/refusals.h"

namespace mydht::api {
namespace {

/// Whether a request comes from this machine, and not through somebody who passes on others' requests.
bool isLocal(const http::Request& request) {
  for (const std::string_view name : {"Forwarded", "X-Forwarded-For", "Via"}) {
    if (request.header(name)) return false;
  }
  return request.remote().loopback;
}

}  // namespace

std::optional<http::Response> Guard::refuse(const http::Request& request, http::Caller caller) {
  if (caller != http::Caller::Node && !serving_.load(std::memory_order_relaxed)) {
    return refuseWrite({Kind::NotDone, "this node is starting or stopping; try again, or ask another one"});
  }
  const bool reads = caller == http::Caller::Anybody || caller == http::Caller::Reader;
  if (reads || isLocal(request)) return std::nullopt;
  return http::respondError({Kind::Forbidden,
                             "protected mode: only this machine may change anything or join. Do it from there, or "
                             "start the nodes with --secret-file"});
}

}  // namespace mydht::api
