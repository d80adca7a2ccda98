// Fuzzes parseHttpDate: what is read, printed and read again is the same second. The first eight bytes are the time
// now.

#include "common/http/date.h"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/result/check.h"

using namespace mydht::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::int64_t now = 0;
  if (size < sizeof now) return 0;
  std::memcpy(&now, data, sizeof now);
  const std::string_view text(reinterpret_cast<const char*>(data) + sizeof now, size - sizeof now);
  const HttpDate ofNow(now);
  MYDHT_ASSERT(parseHttpDate(ofNow.text(), now).has_value());
  const std::optional<std::int64_t> seconds = parseHttpDate(text, now);
  if (!seconds) return 0;
  const bool printable = *seconds >= -62'167'219'200 && *seconds <= 253'402'300'799;
  if (printable) MYDHT_ASSERT(parseHttpDate(HttpDate(*seconds).text(), now) == seconds);
  return 0;
}
