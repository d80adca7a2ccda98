#include "server/peer/http_transport.h"

#include <algorithm>
#include <utility>

#include "common/result/check.h"

namespace mydht::peer {

HttpTransport::HttpTransport(const std::vector<runtime::EventLoop*>& loops, const World& world, Settings settings)
    : settings_(settings) {
  for (runtime::EventLoop* const loop : loops) parts_.push_back(std::make_unique<LoopPart>(*loop, settings_, world));
}

Task<Result<Call>> HttpTransport::call(PeerAddress to, Call request, Deadline deadline) {
  Executor& here = co_await currentExecutor();
  const auto mine = [&here](const auto& part) { return static_cast<Executor*>(&part->loop()) == &here; };
  const auto part = std::find_if(parts_.begin(), parts_.end(), mine);
  MYDHT_ASSERT(part != parts_.end());
  auto answer = co_await (*part)->call(std::move(to), std::move(request), deadline);
  co_return answer;
}

Task<> HttpTransport::stop() {
  for (const auto& part : parts_) co_await part->stop();
}

}  // namespace mydht::peer
