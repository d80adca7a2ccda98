#include "common/protocol/consistency.h"

#include <optional>
#include <string>

#include "common/http/percent.h"
#include "common/protocol/paths.h"

namespace mydht::protocol {

std::string_view consistencyText(Consistency consistency) {
  switch (consistency) {
    case Consistency::One:
      return "one";
    case Consistency::Quorum:
      return "quorum";
    case Consistency::All:
      return "all";
  }
  invariantBroken("a known consistency", __FILE__, __LINE__);
}

Result<Consistency> parseConsistency(std::string_view text) {
  for (Consistency consistency : {Consistency::One, Consistency::Quorum, Consistency::All}) {
    if (consistencyText(consistency) == text) return consistency;
  }
  return Error{Kind::BadRequest, "consistency is one, quorum or all"};
}

Result<Consistency> consistencyOfQuery(std::string_view rawQuery) {
  const Result<std::optional<std::string>> text = http::queryValue(rawQuery, kConsistencyParameter);
  if (!text) return text.error();
  if (!text->has_value()) return Consistency::Quorum;
  return parseConsistency(**text);
}

}  // namespace mydht::protocol
