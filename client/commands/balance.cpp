#include "client/commands/commands.h"
#include "client/commands/ring_action.h"
#include "client/report.h"
#include "common/protocol/paths.h"

namespace mydht::client::commands {

Status balance(const Options& options, Nodes& nodes) {
  const auto done = runAction(options, nodes, protocol::kBalancePath, "", options.wait);
  if (!done) return done.error();
  protocol::JsonWriter json;
  json.beginObject().text("action", "balance").flag("over", done->over);
  json.number("taken", done->taken).number("sent", done->sent);
  return printDone(options, "BALANCE ok", json);
}

}  // namespace mydht::client::commands
