#include <fmt/core.h>

#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/output.h"

namespace mydht::client::commands {

Status del(const Options& options, Nodes& nodes) {
  const auto answer = nodes.ask(requestOf(http::Method::Delete, options.key));
  if (!answer) return valueError(answer.error());
  return printLine(fmt::format("DEL OK {}", options.key));
}

}  // namespace mydht::client::commands
