#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mydht::http {

/// Extensions of all chunk lines of one body, at most: nobody sends any, but an attacker could send nothing else.
inline constexpr std::size_t kChunkExtensionBytes = 1024;
/// Trailers of one body, at most; they are checked and dropped.
inline constexpr std::size_t kTrailerBytes = 4096;
/// No chunk is as large as this (2^60), so that sums of sizes do not overflow.
inline constexpr std::uint64_t kChunkBytesEnd = std::uint64_t{1} << 60;

/// Takes the framing off a chunked body (RFC 9112, 7.1), piece by piece and strictly: each line ends with CR LF, sizes
/// are plain hexadecimal. One for each body, owned by whoever reads it; one thread at a time; keeps no bytes.
class ChunkDecoder {
 public:
  enum class State : std::uint8_t { NeedMore, Data, End, Bad };

  struct Step {
    State state = State::NeedMore;
    std::size_t consumed = 0;  ///< bytes of the buffer that are done with, those of `data` among them
    std::string_view data;     ///< Data: a piece of the body, in the buffer
    std::string_view reason;   ///< Bad: one line for a person, constant; the connection must be closed
  };

  /// Goes on with the bytes that came: to a piece of the body, to the end, or (NeedMore) through all of them. Call
  /// again with what was not consumed and what came since. After End or Bad it stays there.
  Step next(std::string_view buffer);

  bool ended() const { return at_ == At::End; }

 private:
  enum class At : std::uint8_t {
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    LastLf,
    End,
    Bad
  };

  std::string_view takeByte(char byte);
  std::string_view takeSizeByte(char byte);
  std::string_view takeTrailerByte(char byte);

  At at_ = At::Size;
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;
  std::size_t extensionBytes_ = 0;
  std::size_t trailerBytes_ = 0;
  std::string_view reason_;
};

/// The line before a chunk of that size: text() is "1a\r\n". `bytes` is over 0, since a chunk of 0 ends the body.
class ChunkLine {
 public:
  explicit ChunkLine(std::uint64_t bytes);
  std::string_view text() const { return {text_.data() + begin_, text_.size() - begin_}; }

 private:
  std::array<char, 18> text_;
  std::size_t begin_;
};

/// What follows each chunk's bytes.
inline constexpr std::string_view kChunkEnd = "\r\n";
/// What ends the body.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace mydht::http
