#include "client/report.h"

#include <fmt/core.h>

#include <cstdio>

#include "client/one_line.h"
#include "client/output.h"

namespace mydht::client {

void reportError(const Options& options, const Error& error, std::string_view key) {
  if (!options.json) {
    const std::string about = key.empty() ? "" : oneLine(key) + ": ";
    fmt::print(stderr, "{}{}\n", about, error.text);
    return;
  }
  protocol::JsonWriter writer;
  writer.beginObject();
  if (!key.empty()) protocol::writeKey(writer, key);
  writer.text("error", error.text).text("kind", kindName(error.kind)).endObject();
  fmt::print(stderr, "{}\n", writer.take());
}

protocol::JsonWriter jsonAbout(std::string_view key) {
  protocol::JsonWriter writer;
  writer.beginObject();
  protocol::writeKey(writer, key);
  return writer;
}

Status printJson(protocol::JsonWriter& writer) {
  return printLine(writer.endObject().take());
}

Status printDone(const Options& options, std::string_view text, protocol::JsonWriter& writer) {
  if (options.json) return printJson(writer);
  if (options.quiet) return {};
  return printLine(text);
}

}  // namespace mydht::client
