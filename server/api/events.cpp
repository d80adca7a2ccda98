#include "server/api/events.h"

#include <memory>
#include <utility>

#include "server/api/context.h"
#include "server/api/refusals.h"
#include "server/api/ring_shape.h"

namespace mydht::api {
namespace {

/// How often a stream looks whether something changed.
constexpr auto kLookPause = std::chrono::milliseconds(250);
/// The status is printed at most this often, however many listen; less than kLookPause, so that each look is fresh.
constexpr auto kFresh = std::chrono::milliseconds(200);
/// How often clocks and counters are sent when nothing else changes; it also keeps the connection alive.
constexpr auto kBeat = std::chrono::seconds(2);

/// What people wait for: the status without what always moves.
std::string steadyOf(protocol::RingStatus shape) {
  shape.traffic.reset();
  if (shape.disk) shape.disk->freeBytes = 0;
  for (protocol::NodeStatus& member : shape.members) {
    member.uptimeSeconds.reset();
    member.clockOffsetMicros.reset();
    if (member.agreement) member.agreement->seconds = member.agreement->comparedSecondsAgo = 0;
  }
  return protocol::toJson(shape);
}

/// One listener's events. Owned by its answer; ends when the node stops, or when nobody reads any more.
class EventStream final : public ByteSource {
 public:
  /// Has a place among the listeners.
  explicit EventStream(const Context& context) : context_(context) {}
  ~EventStream() override { context_.events->leave(); }

  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  /// Never waits for as long as a deadline is: there is something to send every two seconds.
  Task<Result<Bytes>> next(Deadline) override {
    if (rest_.empty()) co_await fill();
    const Bytes piece = rest_.part(0, std::min(rest_.size(), limits::kChunkBytes));
    rest_ = rest_.part(piece.size(), rest_.size() - piece.size());
    co_return piece;
  }

 private:
  /// Waits for the next event. Leaves none behind when the node stops.
  Task<> fill() {
    Executor& loop = co_await currentExecutor();
    while (!context_.events->stopped()) {
      const Events::Snapshot snapshot = context_.events->latest(context_, loop.now());
      if (snapshot.serial != seen_ || loop.now() >= beat_) {
        seen_ = snapshot.serial;
        beat_ = loop.now() + kBeat;
        rest_ = snapshot.event;
        co_return;
      }
      co_await sleepUntil(loop.now() + kLookPause);
    }
  }

  const Context& context_;
  Bytes rest_;
  std::uint64_t seen_ = 0;
  Time beat_ = Time::min();
};

}  // namespace

Events::Snapshot Events::latest(const Context& context, Time now) {
  const std::lock_guard lock(mutex_);
  if (snapshot_.serial > 0 && now < made_ + kFresh) return snapshot_;
  made_ = now;
  const protocol::RingStatus shape = ringShapeOf(context, {});
  std::string steady = steadyOf(shape);
  if (snapshot_.serial == 0 || steady != steady_) ++snapshot_.serial;
  steady_ = std::move(steady);
  snapshot_.event = Bytes("data: " + protocol::toJson(shape) + "\n\n");
  return snapshot_;
}

bool Events::enter() {
  if (stopped_) return false;
  if (listeners_.fetch_add(1) < kMostListeners) return true;
  leave();
  return false;
}

Task<http::Response> getEvents(const Context& context, http::Request&) {
  if (!context.events->enter()) {
    co_return refuseRead({Kind::Unavailable, "too many pages listen to this node; ask /_mydht/ring now and then"});
  }
  http::Response response = http::respondEmpty(200);
  response.header("Content-Type", "text/event-stream");
  response.header("Cache-Control", "no-store");
  response.body = std::make_unique<EventStream>(context);
  co_return response;
}

}  // namespace mydht::api
