// Fuzzes ChunkDecoder against a second, plain reader of whole texts: both must find the same body and the same end,
// whatever the pieces. The first byte is the size of the pieces.

#include "common/http/chunks.h"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result/check.h"

using namespace mydht::http;

namespace {

struct Decoded {
  ChunkDecoder::State state = ChunkDecoder::State::NeedMore;
  std::string body;
  std::size_t consumed = 0;
};

Decoded decode(std::string_view text, std::size_t pieceBytes) {
  ChunkDecoder decoder;
  Decoded decoded;
  while (decoded.consumed < text.size()) {
    const std::string_view rest = text.substr(decoded.consumed, pieceBytes);
    const std::vector<char> piece(rest.begin(), rest.end());
    const ChunkDecoder::Step step = decoder.next({piece.data(), piece.size()});
    MYDHT_ASSERT(step.consumed <= piece.size());
    MYDHT_ASSERT((step.state == ChunkDecoder::State::Data) == !step.data.empty());
    MYDHT_ASSERT((step.state == ChunkDecoder::State::Bad) == !step.reason.empty());
    decoded.consumed += step.consumed;
    decoded.body += step.data;
    decoded.state = step.state;
    if (step.state == ChunkDecoder::State::End || step.state == ChunkDecoder::State::Bad) break;
    MYDHT_ASSERT(step.consumed > 0);
  }
  return decoded;
}

/// Takes a line without its CR LF; nothing if none is whole.
std::optional<std::string_view> takeLine(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

/// The body of a whole text as a lenient reader sees it (it believes in sizes and empty lines alone), and where it
/// ends.
std::optional<Decoded> readPlainly(std::string_view text) {
  const std::size_t all = text.size();
  Decoded decoded;
  while (true) {
    const std::optional<std::string_view> line = takeLine(text);
    if (!line) return std::nullopt;
    const std::size_t size = std::strtoull(std::string(line->substr(0, line->find(';'))).c_str(), nullptr, 16);
    if (size == 0) break;
    if (text.size() < size + 2 || text.substr(size, 2) != "\r\n") return std::nullopt;
    decoded.body += text.substr(0, size);
    text.remove_prefix(size + 2);
  }
  while (true) {
    const std::optional<std::string_view> line = takeLine(text);
    if (!line) return std::nullopt;
    if (line->empty()) break;
  }
  decoded.consumed = all - text.size();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Decoded whole = decode(text, text.size());
  const Decoded pieces = decode(text, data[0] % 32 + 1U);
  MYDHT_ASSERT(whole.consumed == pieces.consumed && whole.body == pieces.body);
  const bool ended = whole.state == ChunkDecoder::State::End;
  const bool bad = whole.state == ChunkDecoder::State::Bad;
  MYDHT_ASSERT(ended == (pieces.state == ChunkDecoder::State::End) &&
               bad == (pieces.state == ChunkDecoder::State::Bad));
  if (!ended) return 0;
  const std::optional<Decoded> plain = readPlainly(text);
  MYDHT_ASSERT(plain && plain->body == whole.body && plain->consumed == whole.consumed);
  return 0;
}
