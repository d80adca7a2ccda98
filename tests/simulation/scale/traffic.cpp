#include "tests/simulation/scale/traffic.h"

#include <algorithm>
#include <charconv>

namespace mydht::simulation {
namespace {

Topic topicOf(wire::MessageType type) {
  switch (type) {
    case wire::MessageType::Probe:
      return Topic::Probes;
    case wire::MessageType::Gossip:
      return Topic::Gossip;
    default:
      return wire::isAboutRing(type) ? Topic::Changes : Topic::Data;
  }
}

/// The number in `node17:50140`.
std::size_t numberOf(std::string_view name) {
  constexpr std::string_view kPrefix = "node";
  std::size_t number = 0;
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  return number;
}

}  // namespace

Sent& Sent::operator+=(const Sent& other) {
  messages += other.messages;
  bytes += other.bytes;
  return *this;
}

Traffic::Traffic(SimRing& ring) {
  ring.network.rule = [this](const SimMessage& message) {
    count(message);
    return Verdict::Deliver;
  };
}

void Traffic::clear() {
  sent_ = {};
  bySender_.clear();
}

Sent Traffic::mostOfOne(Topic topic) const {
  const auto index = static_cast<std::size_t>(topic);
  const auto fewerBytes = [index](const auto& a, const auto& b) { return a[index].bytes < b[index].bytes; };
  const auto most = std::ranges::max_element(bySender_, fewerBytes);
  return most == bySender_.end() ? Sent() : (*most)[index];
}

void Traffic::count(const SimMessage& message) {
  const auto topic = static_cast<std::size_t>(topicOf(message.type));
  const Sent sent{1, message.isAnswer ? message.answer.size() : message.request.size()};
  const std::size_t sender = numberOf(message.from);
  if (sender >= bySender_.size()) bySender_.resize(sender + 1);
  sent_[topic] += sent;
  bySender_[sender][topic] += sent;
}

}  // namespace mydht::simulation
