#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result/result.h"

namespace mydht::protocol {

/// The HTTP status of each kind of error. A precondition that failed is kPreconditionFailed, not a kind of its own.
int statusOf(Kind kind);

inline constexpr int kPreconditionFailed = 412;

/// Why a request was refused, as `application/problem+json` (RFC 9457): {"title", "status", "detail", "outcome",
/// "nodes"}.
struct Problem {
  int status = 500;
  std::string title;               ///< the status in words
  std::string detail;              ///< this case in words, and what to do about it
  std::string outcome;             ///< of a write: "not-done" or "unknown"; else empty and left out
  std::vector<std::string> nodes;  ///< the nodes that were missing, as host:port; left out if empty

  bool operator==(const Problem&) const = default;
};

/// The problem of an error, its outcome by its kind.
Problem problemOf(const Error& error, std::vector<std::string> nodes = {});
/// A problem that is known by its status alone (412, 431, ...).
Problem problemOf(int status, std::string_view detail);

/// The JSON. Bytes of texts that are not UTF-8 become U+FFFD.
std::string toJson(const Problem& problem);
/// Reads what another node sent. BadRequest if it is not such JSON.
Result<Problem> problemFromJson(std::string_view json);

}  // namespace mydht::protocol
