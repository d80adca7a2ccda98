#include <fmt/core.h>

#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/report.h"

namespace mydht::client::commands {

Status del(const Options& options, Nodes& nodes) {
  const auto answer = nodes.ask(requestOf(http::Method::Delete, options.key, options.consistency));
  if (!answer) return valueError(answer.error());
  protocol::JsonWriter json = jsonAbout(options.key);
  json.flag("deleted", true);
  return printDone(options, fmt::format("DEL OK {}", options.key), json);
}

}  // namespace mydht::client::commands
