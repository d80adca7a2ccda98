#include "common/http/chunks.h"

#include <algorithm>

#include "common/http/characters.h"
#include "common/result/check.h"

namespace mydht::http {

namespace {

/// Sizes below 2^60 have at most 15 digits; a 16th gives room for one leading zero and for telling "too large" from "no
/// size".
constexpr int kMostDigits = 16;

}  // namespace

ChunkDecoder::Step ChunkDecoder::next(std::string_view buffer) {
  std::size_t at = 0;
  while (at_ != At::Bad && at_ != At::End) {
    if (at == buffer.size()) return {State::NeedMore, at, {}, {}};
    if (at_ == At::Data) {
      const std::size_t bytes = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer.size() - at));
      left_ -= bytes;
      if (left_ == 0) at_ = At::DataCr;
      return {State::Data, at + bytes, buffer.substr(at, bytes), {}};
    }
    reason_ = takeByte(buffer[at]);
    if (!reason_.empty()) {
      at_ = At::Bad;
      break;
    }
    ++at;
  }
  return {at_ == At::End ? State::End : State::Bad, at, {}, reason_};
}

/// Takes one byte of framing and gives back what is wrong with it.
std::string_view ChunkDecoder::takeByte(char byte) {
  switch (at_) {
    case At::Size:
    case At::Extension:
    case At::SizeLf:
      return takeSizeByte(byte);
    case At::DataCr:
      at_ = At::DataLf;
      return byte == '\r' ? "" : "a chunk that is not followed by CR LF";
    case At::DataLf:
      at_ = At::Size;
      digits_ = 0;
      return byte == '\n' ? "" : "a chunk that is not followed by CR LF";
    case At::TrailerStart:
    case At::TrailerName:
    case At::TrailerValue:
    case At::TrailerLf:
    case At::LastLf:
      return takeTrailerByte(byte);
    case At::Data:
    case At::End:
    case At::Bad:
      break;
  }
  MYDHT_ASSERT(false && "framing bytes are taken in framing only");
  return {};
}

std::string_view ChunkDecoder::takeSizeByte(char byte) {
  if (at_ == At::SizeLf) {
    at_ = left_ == 0 ? At::TrailerStart : At::Data;
    return byte == '\n' ? "" : "a CR without LF behind a chunk's size";
  }
  if (at_ == At::Extension) {
    if (++extensionBytes_ > kChunkExtensionBytes) return "chunk extensions are too long";
    if (byte == '\r') at_ = At::SizeLf;
    return byte != '\r' && characters::isControl(byte) ? "a control byte in a chunk extension" : "";
  }
  const int digit = characters::hexValue(byte);
  if (digit >= 0) {
    if (digits_ == 0) left_ = 0;
    if (++digits_ > kMostDigits || left_ > (kChunkBytesEnd - 1) >> 4) return "a chunk's size is too large";
    left_ = (left_ << 4) | static_cast<std::uint64_t>(digit);
    return "";
  }
  if (digits_ == 0 || (byte != '\r' && byte != ';'))
    return "a chunk's size is not hexadecimal, or not followed by CR LF";
  at_ = byte == '\r' ? At::SizeLf : At::Extension;
  return "";
}

/// Trailers look like header lines and are held to the same rules.
std::string_view ChunkDecoder::takeTrailerByte(char byte) {
  if (++trailerBytes_ > kTrailerBytes) return "trailers are too long";
  switch (at_) {
    case At::TrailerStart:
      if (byte == '\r') {
        at_ = At::LastLf;
        return "";
      }
      at_ = At::TrailerName;
      return characters::is(characters::kToken, byte) ? "" : "a trailer without a name";
    case At::TrailerName:
      if (byte == ':') at_ = At::TrailerValue;
      return byte == ':' || characters::is(characters::kToken, byte) ? "" : "a byte that no trailer's name can have";
    case At::TrailerValue:
      if (byte == '\r') at_ = At::TrailerLf;
      return byte != '\r' && characters::isControl(byte) ? "a control byte in a trailer" : "";
    case At::TrailerLf:
      at_ = At::TrailerStart;
      return byte == '\n' ? "" : "a CR without LF in a trailer";
    default:
      at_ = At::End;
      return byte == '\n' ? "" : "a CR without LF behind the last chunk";
  }
}

ChunkLine::ChunkLine(std::uint64_t bytes) : begin_(text_.size() - 2) {
  MYDHT_ASSERT(bytes > 0);
  text_[begin_] = '\r';
  text_[begin_ + 1] = '\n';
  for (; bytes != 0; bytes >>= 4) text_[--begin_] = "0123456789abcdef"[bytes & 15];
}

}  // namespace mydht::http
