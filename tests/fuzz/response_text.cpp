// Fuzzes the printing of heads: whatever stands in names, values and targets, the head that is printed has as many
// headers as were put in, and is read back. Lines of the input are the values; the first is the target.

#include "common/http/response_text.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/head.h"

using namespace mydht::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size > 8000) return 0;
  const std::size_t targetEnd = std::min(text.find('\x1e'), text.size());
  HeadText printed;
  printed.startRequest("GET", "/" + std::string(text.substr(0, targetEnd)));
  printed.header("Host", "h");
  std::size_t added = 1;
  text.remove_prefix(std::min(targetEnd + 1, text.size()));
  for (; !text.empty() && added < kMostHeaders; ++added) {
    const std::size_t end = text.find('\x1e');
    printed.header("X-Value", text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  printed.end();
  RequestHead head;
  const ParseOutcome outcome = parseRequestHead(printed.text(), head);
  if (printed.size() > mydht::limits::kHeadBytes) return 0;
  MYDHT_ASSERT(outcome.done() && outcome.consumed == printed.size() && head.headers.size() == added);
  MYDHT_ASSERT(head.authority == "h" && !head.hasBody());
  return 0;
}
