#include "server/api/ring_table.h"

#include <fmt/format.h>

#include "common/http/etag.h"
#include "common/protocol/names.h"
#include "common/protocol/ring_table.h"
#include "server/api/refusals.h"

namespace mydht::api {
namespace {

protocol::RingTable tableOf(const ring::Ring& ring) {
  protocol::RingTable table;
  table.fingerprint = ring.fingerprint();
  table.height = ring.name().height;
  table.copies = ring.copies();
  for (std::size_t partition = 0; partition < limits::kPartitions; ++partition) {
    table.append(ring.homes(static_cast<PartitionId>(partition)).front());
  }
  return table;
}

}  // namespace

Task<http::Response> getRingTable(const Context& context, http::Request& request) {
  const auto view = context.node.membership().view();
  if (!view) co_return refuseRead({Kind::Unavailable, "this node is in no ring yet"});
  const std::string etag = fmt::format("\"{:016x}\"", view->newest().fingerprint());
  const auto known = request.header("If-None-Match");
  const bool same = known && http::ifNoneMatch(*known, etag) == http::TagMatch::Matches;
  http::Response response = same ? http::respondEmpty(304)
                                 : http::respond(200, protocol::kJsonType, protocol::toJson(tableOf(view->newest())));
  response.header("ETag", etag);
  response.header("Cache-Control", "no-cache");
  co_return response;
}

}  // namespace mydht::api
