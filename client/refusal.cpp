#include "client/refusal.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "client/one_line.h"
#include "common/http/response_text.h"
#include "common/protocol/names.h"
#include "common/protocol/problem.h"

namespace mydht::client {

namespace {

Kind kindOf(int status, std::string_view outcome) {
  if (outcome == kindName(Kind::NotDone)) return Kind::NotDone;
  if (outcome == kindName(Kind::Unknown)) return Kind::Unknown;
  switch (status) {
    case 401:
      return Kind::Unauthorized;
    case 403:
      return Kind::Forbidden;
    case 404:
      return Kind::NotFound;
    case 409:
    case 412:
      return Kind::Conflict;
    case 413:
      return Kind::TooLarge;
    case 503:
      return Kind::Unavailable;
    default:
      return status >= 500 ? Kind::Io : Kind::BadRequest;
  }
}

/// The nodes that the detail does not name itself.
std::vector<std::string> unnamed(const protocol::Problem& problem) {
  std::vector<std::string> nodes;
  for (const std::string& node : problem.nodes) {
    if (problem.detail.find(node) == std::string::npos) nodes.push_back(node);
  }
  return nodes;
}

std::string textOf(const protocol::Problem& problem) {
  std::string text = problem.title;
  if (!problem.detail.empty()) text += (text.empty() ? "" : ": ") + problem.detail;
  if (const auto nodes = unnamed(problem); !nodes.empty()) {
    text += fmt::format(" (missing: {})", fmt::join(nodes, ", "));
  }
  return text;
}

bool isProblem(const Answer& answer) {
  const auto type = answer.field("Content-Type");
  return type && type->starts_with(protocol::kProblemType);
}

}  // namespace

Error refusalOf(const Answer& answer, const NodeAddress& node) {
  std::string outcome(answer.field(protocol::kOutcomeHeader).value_or(""));
  std::string text = fmt::format("{} answered {} {}", node.text(), answer.status, http::reasonPhrase(answer.status));
  if (isProblem(answer)) {
    if (const auto problem = protocol::problemFromJson(answer.body)) {
      if (outcome.empty()) outcome = problem->outcome;
      if (const std::string said = textOf(*problem); !said.empty()) text = said;
    }
  }
  return {kindOf(answer.status, outcome), oneLine(text)};
}

}  // namespace mydht::client
