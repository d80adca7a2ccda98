// Fuzzes parseRange and ifRangeHolds: a range lies within the value, and printed plainly it is read as the same. The
// first eight bytes are the value's size.

#include "common/http/ranges.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common/http/date.h"
#include "common/result/check.h"

using namespace mydht::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t valueBytes = 0;
  if (size < sizeof valueBytes) return 0;
  std::memcpy(&valueBytes, data, sizeof valueBytes);
  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof valueBytes, size - sizeof valueBytes);
  const RangeOutcome outcome = parseRange(text, valueBytes);
  if (outcome.state == RangeOutcome::State::Satisfiable) {
    const ByteRange range = outcome.range;
    MYDHT_ASSERT(range.first <= range.last && range.last < valueBytes);
    MYDHT_ASSERT(text.find(',') == std::string_view::npos);
    const std::string plain = "bytes=" + std::to_string(range.first) + "-" + std::to_string(range.last);
    MYDHT_ASSERT(parseRange(plain, valueBytes).range == range);
    MYDHT_ASSERT(contentRange(range, valueBytes).starts_with("bytes " + plain.substr(6)));
  }
  const std::int64_t modified = 784111777;
  if (ifRangeHolds(text, "\"etag\"", modified, modified + 1)) {
    MYDHT_ASSERT(text == "\"etag\"" || parseHttpDate(text, modified + 1) == modified);
  }
  return 0;
}
