#include <fmt/core.h>

#include "client/body.h"
#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/progress.h"
#include "client/report.h"
#include "common/protocol/names.h"

namespace mydht::client::commands {

namespace {

/// Stores the value; the bar is gone when this returns.
Result<Answer> store(const Options& options, Nodes& nodes, BodySource& body) {
  Progress progress(!options.quiet && !options.json, Progress::About::OneValue);
  progress.expect(body.size().value_or(0));
  CountedBody counted(body, progress);
  // What is typed at a terminal is text; a file's type is not guessed.
  return nodes.ask(putOf(options.key, counted, options.value ? kTextType : "", options.consistency));
}

}  // namespace

Status put(const Options& options, Nodes& nodes) {
  auto body = options.file ? fileBody(*options.file) : Result(textBody(*options.value));
  if (!body) return body.error();
  const auto answer = store(options, nodes, **body);
  if (!answer) return answer.error();
  protocol::JsonWriter json = jsonAbout(options.key);
  json.flag("created", answer->status == 201).text("copies", answer->field(protocol::kCopiesHeader).value_or(""));
  return printDone(options, fmt::format("PUT OK {}", options.key), json);
}

}  // namespace mydht::client::commands
