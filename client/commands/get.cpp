#include <fmt/core.h>

#include "client/base64.h"
#include "client/commands/commands.h"
#include "client/commands/fetch.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/output.h"
#include "client/report.h"
#include "common/hash/sha256.h"
#include "common/result/limits.h"

namespace mydht::client::commands {

namespace {

/// Keeps a value that is to be told inside a line of JSON.
class KeptOutput final : public Output {
 public:
  Status open() override { return {}; }

  Status write(std::string_view piece) override {
    if (piece.size() <= limits::kMessageBytes - value_.size()) {
      value_ += piece;
      return {};
    }
    return Error{Kind::TooLarge, "the value is over 1 MiB, too long for a line of JSON: give -o FILE"};
  }

  Status commit() override { return {}; }

  const std::string& value() const { return value_; }

 private:
  std::string value_;
};

std::unique_ptr<Output> outputOf(const Options& options) {
  if (!options.output) return outputIsTerminal() ? terminalOutput() : standardOutput(true);
  if (*options.output == "-") return standardOutput(false);
  return fileOutput(*options.output);
}

protocol::JsonWriter jsonOf(const Options& options, const Fetched& fetched) {
  protocol::JsonWriter json = jsonAbout(options.key);
  json.number("size", fetched.size).text("sha256", hexOf(fetched.digest));
  if (const auto type = fetched.answer.field("Content-Type")) json.text("type", *type);
  return json;
}

Status printAsJson(const Options& options, Nodes& nodes) {
  KeptOutput kept;
  Progress progress(false, Progress::About::OneValue);
  const auto fetched = fetchValue(nodes, options.key, options.consistency, kept, progress);
  if (!fetched) return fetched.error();
  protocol::JsonWriter json = jsonOf(options, *fetched);
  const bool text = protocol::isUtf8(kept.value());
  json.text(text ? "value" : "base64", text ? kept.value() : base64(kept.value()));
  return printJson(json);
}

}  // namespace

Status get(const Options& options, Nodes& nodes) {
  if (options.json && !options.output) return printAsJson(options, nodes);
  const std::unique_ptr<Output> output = outputOf(options);
  // A bar between the lines of a value on the same terminal would spoil both.
  const bool elsewhere = options.output.has_value() || !outputIsTerminal();
  Progress progress(elsewhere && !options.quiet && !options.json, Progress::About::OneValue);
  const auto fetched = fetchValue(nodes, options.key, options.consistency, *output, progress);
  if (!fetched) return fetched.error();
  if (!options.json) return {};
  protocol::JsonWriter json = jsonOf(options, *fetched);
  json.text("file", *options.output);
  return printJson(json);
}

}  // namespace mydht::client::commands
