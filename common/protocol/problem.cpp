#include "common/protocol/problem.h"

#include "common/http/response_text.h"
#include "common/protocol/json.h"

namespace mydht::protocol {

int statusOf(Kind kind) {
  switch (kind) {
    case Kind::NotFound:
      return 404;
    case Kind::Conflict:
      return 409;
    case Kind::NotDone:
    case Kind::Unknown:
    case Kind::OlderRing:
    case Kind::Unavailable:
    case Kind::Stopped:
      return 503;
    case Kind::TooLarge:
      return 413;
    case Kind::BadRequest:
      return 400;
    case Kind::Unauthorized:
      return 401;
    case Kind::Forbidden:
      return 403;
    case Kind::Corrupt:
    case Kind::Io:
      return 500;
    case Kind::NoSpace:
      return 507;
  }
  invariantBroken("a known kind", __FILE__, __LINE__);
}

Problem problemOf(const Error& error, std::vector<std::string> nodes) {
  Problem problem = problemOf(statusOf(error.kind), error.text);
  const bool ofWrite = error.kind == Kind::NotDone || error.kind == Kind::Unknown;
  if (ofWrite) problem.outcome = kindName(error.kind);
  problem.nodes = std::move(nodes);
  return problem;
}

Problem problemOf(int status, std::string_view detail) {
  Problem problem;
  problem.status = status;
  problem.title = http::reasonPhrase(status);
  problem.detail = detail;
  return problem;
}

std::string toJson(const Problem& problem) {
  JsonWriter writer;
  writer.beginObject().text("title", problem.title);
  writer.number("status", static_cast<std::uint64_t>(problem.status)).text("detail", problem.detail);
  if (!problem.outcome.empty()) writer.text("outcome", problem.outcome);
  if (!problem.nodes.empty()) {
    writer.beginList("nodes");
    for (const std::string& node : problem.nodes) writer.element(node);
    writer.endList();
  }
  return writer.endObject().take();
}

Result<Problem> problemFromJson(std::string_view json) {
  Result<JsonReader> reader = JsonReader::parse(json);
  if (!reader) return reader.error();
  Problem problem;
  problem.title = reader->text("title");
  problem.status = static_cast<int>(reader->number("status", 599));
  problem.detail = reader->text("detail");
  if (reader->has("outcome")) problem.outcome = reader->text("outcome");
  if (reader->has("nodes")) problem.nodes = reader->texts("nodes");
  const Status status = reader->status();
  if (!status) return status.error();
  return problem;
}

}  // namespace mydht::protocol
