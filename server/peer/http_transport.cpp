#include "server/peer/http_transport.h"

#include <algorithm>
#include <utility>

#include "common/result/check.h"

namespace mydht::peer {
namespace {

/// Connections from this node to another one, 2,000 of which are granted to an address.
constexpr std::size_t kOpenOfAll = 1024;
constexpr std::size_t kStreamsOfAll = 512;
constexpr std::size_t kLeast = 8;

/// With many loops each has less, so that all of them together stay below what a node grants one address.
Settings sharesOf(Settings settings, std::size_t loops) {
  settings.mostOpen = std::min(settings.mostOpen, std::max(kLeast, kOpenOfAll / loops));
  settings.mostStreams = std::min(settings.mostStreams, std::max(kLeast, kStreamsOfAll / loops));
  return settings;
}

}  // namespace

HttpTransport::HttpTransport(const std::vector<runtime::EventLoop*>& loops, const World& world, Settings settings)
    : settings_(sharesOf(settings, loops.size())) {
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
