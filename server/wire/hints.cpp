#include "server/wire/hints.h"

#include "common/result/limits.h"

namespace mydht::wire {

void Hint::write(Writer& out) const {
  out.text(key).version(version).number(static_cast<std::uint32_t>(missed.size()));
  for (const NodeId node : missed) out.number(node);
}

Hint Hint::read(Reader& in) {
  Hint message;
  message.key = in.text(limits::kKeyBytes);
  if (message.key.empty()) in.fail();
  message.version = in.version();
  const std::size_t count = in.count(sizeof(NodeId));
  if (count > kMostMissed) in.fail();
  if (!in.ok()) return message;
  message.missed.resize(count);
  for (NodeId& node : message.missed) in.number(node);
  return message;
}

}  // namespace mydht::wire
