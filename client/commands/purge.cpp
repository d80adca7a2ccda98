#include <fmt/core.h>

#include "client/commands/commands.h"
#include "client/commands/ring_action.h"
#include "client/output.h"
#include "client/report.h"
#include "common/protocol/paths.h"

namespace mydht::client::commands {

Status purge(const Options& options, Nodes& nodes) {
  const std::string more = options.dryRun ? fmt::format("{}=1", protocol::kDryRunParameter) : "";
  const auto done = runAction(options, nodes, protocol::kPurgePath, more, options.wait || options.dryRun);
  if (!done) return done.error();
  protocol::JsonWriter json;
  json.beginObject().text("action", "purge").flag("dryRun", options.dryRun).flag("over", done->over);
  json.number("sent", done->sent).number("dropped", done->dropped).number("droppedBytes", done->droppedBytes);
  json.number("kept", done->kept).number("keptBytes", done->keptBytes);
  if (options.dryRun && !options.json) {
    const Status printed = printLine(
        fmt::format("would drop {} entries, {} bytes\nwould first send {} of them to home nodes that lack them\n"
                    "would keep {} entries, {} bytes, that too few home nodes hold",
                    done->dropped, done->droppedBytes, done->sent, done->kept, done->keptBytes));
    if (!printed) return printed;
  }
  return printDone(options, "PURGE ok", json);
}

}  // namespace mydht::client::commands
