#include <fmt/core.h>

#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/output.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"

namespace mydht::client::commands {

namespace {

/// `1300386351.67`, rounded as the original's Python did.
std::string secondsText(std::int64_t micros) {
  const std::int64_t hundredths = (micros + 5'000) / 10'000;
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

}  // namespace

Status haskey(const Options& options, Nodes& nodes) {
  const auto json = askAbout(nodes, protocol::kHasKeyPath, options.key);
  if (!json) return json.error();
  const auto hasKey = protocol::hasKeyFromJson(*json);
  if (!hasKey) return hasKey.error().within("the node's answer");
  if (options.json) return printLine(protocol::toJson(*hasKey));
  return printLine(hasKey->found ? secondsText(hasKey->timestampMicros) : "0.0");
}

}  // namespace mydht::client::commands
