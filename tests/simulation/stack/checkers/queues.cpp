#include "tests/simulation/stack/checkers/queues.h"

#include <fmt/format.h>

#include <algorithm>

namespace mydht::simulation {
namespace {

constexpr Duration kLook = std::chrono::milliseconds(100);
// Some times what two thousand seeds have come to, 415 and 17: a queue that grows goes beyond it soon.
constexpr std::uint64_t kMostAtWork = 3000;
constexpr std::uint64_t kMostAtRest = 60;

}  // namespace

void Queues::start() {
  ring_.time.callAt(ring_.time.now() + kLook, [this] {
    if (stopping_) return;
    look();
    start();
  });
}

void Queues::look() {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const std::uint64_t waiting = ring_[i].waiting();
    if (waiting > kMostAtWork && most_ <= kMostAtWork) {
      broken_.push_back(fmt::format("C8: {} things wait in {}", waiting, ring_[i].name()));
    }
    most_ = std::max(most_, waiting);
    const auto& rows = ring_[i].medium().rows();
    const auto hints = std::distance(rows.lower_bound("h"), rows.lower_bound("i"));
    if (static_cast<std::uint64_t>(hints) > ring_.settings.hints.most) {
      broken_.push_back(fmt::format("C8: {} keeps {} hints", ring_[i].name(), hints));
    }
  }
}

void Queues::seeQuiet() {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    const std::uint64_t waiting = ring_[i].waiting();
    mostAtRest_ = std::max(mostAtRest_, waiting);
    if (waiting > kMostAtRest) {
      broken_.push_back(fmt::format("C8: {} things wait in {}, which has nothing to do", waiting, ring_[i].name()));
    }
  }
}

}  // namespace mydht::simulation
