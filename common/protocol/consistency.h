#pragma once

#include <cstdint>
#include <string_view>

#include "common/result/result.h"

namespace mydht::protocol {

/// How many home nodes an operation needs. Only Quorum and All are covered by the promises.
enum class Consistency : std::uint8_t { One, Quorum, All };

/// "one", "quorum" or "all".
std::string_view consistencyText(Consistency consistency);

/// The consistency of that name; BadRequest names the three.
Result<Consistency> parseConsistency(std::string_view text);

/// What a raw query asks for: its `consistency=`, or Quorum without one.
Result<Consistency> consistencyOfQuery(std::string_view rawQuery);

}  // namespace mydht::protocol
