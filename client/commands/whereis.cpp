#include <fmt/format.h>

#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/one_line.h"
#include "client/options.h"
#include "client/output.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"

namespace mydht::client::commands {

Status whereis(const Options& options, Nodes& nodes) {
  const auto json = askAbout(nodes, protocol::kWhereIsPath, options.key);
  if (!json) return json.error();
  const auto whereIs = protocol::whereIsFromJson(*json);
  if (!whereIs) return whereIs.error().within("the node's answer");
  if (options.json) return printLine(protocol::toJson(*whereIs));
  return printLine(oneLine(fmt::format("{}", fmt::join(whereIs->nodes, ", "))));
}

}  // namespace mydht::client::commands
