#include <fmt/core.h>

#include "client/body.h"
#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/output.h"

namespace mydht::client::commands {

Status put(const Options& options, Nodes& nodes) {
  auto body = options.file ? fileBody(*options.file) : Result(textBody(*options.value));
  if (!body) return body.error();
  Request request = requestOf(http::Method::Put, options.key);
  request.body = body->get();
  // What is typed at a terminal is text; a file's type is not guessed.
  if (options.value) request.fields.emplace_back("Content-Type", "text/plain; charset=utf-8");
  const auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  return printLine(fmt::format("PUT OK {}", options.key));
}

}  // namespace mydht::client::commands
