// Fuzzes parseResponseHead: what is accepted has one reading, printed anew it is read as the same, and pieces make no
// difference. The first byte chooses the method of the request.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/head.h"

using namespace mydht::http;

namespace {

void checkPieces(std::string_view text, Method method, const ParseOutcome& whole) {
  const std::size_t step = text.size() < 300 ? 1 : text.size() / 50;
  for (std::size_t bytes = 0; bytes < text.size(); bytes += step) {
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bytes));
    ResponseHead head;
    const ParseOutcome outcome = parseResponseHead({piece.data(), piece.size()}, method, head);
    if (outcome.state == ParseOutcome::State::NeedMore) continue;
    MYDHT_ASSERT(outcome.state == whole.state && outcome.consumed == whole.consumed && outcome.reason == whole.reason);
    return;
  }
}

void checkFraming(const ResponseHead& head, Method method) {
  const bool none = method == Method::Head || head.status < 200 || head.status == 204 || head.status == 304;
  MYDHT_ASSERT((head.framing == Framing::None) == none);
  MYDHT_ASSERT(head.framing != Framing::Length || head.contentLength.has_value());
  MYDHT_ASSERT(head.framing != Framing::Chunked || !head.contentLength.has_value());
  MYDHT_ASSERT(head.framing != Framing::UntilClose || !head.keepAlive);
}

std::string print(const ResponseHead& head) {
  std::string text = head.minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  text += std::to_string(head.status) + " " + std::string(head.reason) + "\r\n";
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    text += std::string(head.headers[i].name) + ":" + std::string(head.headers[i].value) + "\r\n";
  }
  return text + "\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Method method = data[0] % 2 == 0 ? Method::Get : Method::Head;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  ResponseHead head;
  const ParseOutcome outcome = parseResponseHead(text, method, head);
  checkPieces(text, method, outcome);
  if (outcome.bad()) MYDHT_ASSERT(outcome.status == 502 && !outcome.reason.empty());
  if (!outcome.done()) return 0;
  checkFraming(head, method);
  const std::string printed = print(head);
  if (printed.size() > mydht::limits::kHeadBytes) return 0;
  ResponseHead again;
  const ParseOutcome second = parseResponseHead(printed, method, again);
  MYDHT_ASSERT(second.done() && second.consumed == printed.size());
  MYDHT_ASSERT(head.status == again.status && head.reason == again.reason && head.framing == again.framing);
  MYDHT_ASSERT(head.keepAlive == again.keepAlive && head.contentLength == again.contentLength);
  MYDHT_ASSERT(head.headers.size() == again.headers.size());
  return 0;
}
