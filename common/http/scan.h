#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/http/characters.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/// Finding where a piece of a head ends, many bytes at a time: most of a parser's time. Sixteen with SSE2, which every
/// x86-64 has; what is left, and other machines, by eight or by table. Pure functions, any thread.
namespace mydht::http::characters {

#ifdef __SSE2__

inline constexpr std::ptrdiff_t kBlock = 16;

inline __m128i loadBlock(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
inline __m128i filled(char c) {
  return _mm_set1_epi8(c);
}
/// 0xff where a byte, unsigned, is at most c.
inline __m128i atMost(__m128i block, char c) {
  return _mm_cmpeq_epi8(_mm_min_epu8(block, filled(c)), block);
}
/// 0xff where a byte is from first to first + count - 1.
inline __m128i within(__m128i block, char first, char count) {
  return atMost(_mm_sub_epi8(block, filled(first)), static_cast<char>(count - 1));
}
/// The index of the first byte that is not 0 (there must be one), given which are not.
inline int firstOf(int mask) {
  return __builtin_ctz(static_cast<unsigned>(mask));
}

#endif

/// Which of eight bytes are below 0x20 or 0x7f, as the top bits of theirs. The classic search for a zero byte: its
/// lowest hit is exact, those above may not be.
inline std::uint64_t controlsInWord(const char* at) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x8080808080808080;
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte must be the lowest of the word");
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t deletes = word ^ (ones * 0x7f);
  return (((word - ones * 0x20) & ~word) | ((deletes - ones) & ~deletes)) & highs;
}

/// The first byte from `at` on that is below 0x20 (the tab too) or 0x7f, else `end`.
inline const char* findControlOrTab(const char* at, const char* end) {
  const char* const begin = at;
#ifdef __SSE2__
  for (; end - at >= kBlock; at += kBlock) {
    const __m128i block = loadBlock(at);
    const int hits = _mm_movemask_epi8(_mm_or_si128(atMost(block, 0x1f), _mm_cmpeq_epi8(block, filled(0x7f))));
    if (hits != 0) return at + firstOf(hits);
  }
#endif
  for (; end - at >= 8; at += 8) {
    const std::uint64_t hits = controlsInWord(at);
    if (hits != 0) return at + (__builtin_ctzll(hits) >> 3);
  }
  if (end - begin >= 8) {  // the last eight bytes, of which the first ones are known to be clean
    const std::uint64_t hits = controlsInWord(end - 8);
    return hits == 0 ? end : end - 8 + (__builtin_ctzll(hits) >> 3);
  }
  while (at != end && static_cast<unsigned char>(*at) >= 0x20 && *at != 0x7f) ++at;
  return at;
}

/// The first control byte from `at` on but for the tab, else `end`: where a value ends.
inline const char* findControl(const char* at, const char* end) {
  at = findControlOrTab(at, end);
  while (at != end && *at == '\t') at = findControlOrTab(at + 1, end);
  return at;
}

/// The first byte from `at` on that is not in the table, else `end`.
inline const char* skip(const Table& table, const char* at, const char* end) {
  while (at != end && is(table, *at)) ++at;
  return at;
}

/// The first byte that no token can have, else `end`. By sixteen only letters, digits and '-' are known, which are all
/// that header names in use are made of; the table has the last word.
inline const char* skipToken(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= kBlock; at += kBlock) {
    const __m128i block = loadBlock(at);
    const __m128i letters = within(_mm_or_si128(block, filled(0x20)), 'a', 26);
    const __m128i others = _mm_or_si128(within(block, '0', 10), _mm_cmpeq_epi8(block, filled('-')));
    const int misses = _mm_movemask_epi8(_mm_or_si128(letters, others)) ^ 0xffff;
    if (misses != 0) return skip(kToken, at + firstOf(misses), end);
  }
#endif
  return skip(kToken, at, end);
}

/// The first byte that no path can have ('?' among them), else `end`.
inline const char* skipPath(const char* at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= kBlock; at += kBlock) {
    const __m128i block = loadBlock(at);
    const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(block, filled('?')), _mm_cmpeq_epi8(block, filled('#')));
    const __m128i controls = _mm_or_si128(atMost(block, 0x20), _mm_cmpeq_epi8(block, filled(0x7f)));
    const int hits = _mm_movemask_epi8(_mm_or_si128(marks, controls));
    if (hits != 0) return at + firstOf(hits);
  }
#endif
  return skip(kPath, at, end);
}

}  // namespace mydht::http::characters
