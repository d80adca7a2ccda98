#pragma once

#include <cstddef>
#include <cstdint>

/// The limits of the system, each with its reason. Options may lower some of them; nothing raises them.
namespace mydht::limits {

/// A key's bytes. Long enough for any path or URL in practice; short enough for a request head and a RocksDB row key.
inline constexpr std::size_t kKeyBytes = 2048;

/// A request's or response's head. Eight such heads fit a connection's worth of memory; nginx's default is 32 KiB too.
inline constexpr std::size_t kHeadBytes = 32 * 1024;

/// Values up to this are kept inside their RocksDB row, larger ones are files: below it a file costs more than its
/// bytes.
inline constexpr std::size_t kInlineBytes = 64 * 1024;

/// Bodies move in pieces of at most this; a large value carries one checksum for each such chunk.
inline constexpr std::size_t kChunkBytes = 256 * 1024;

/// A message between nodes, without its streamed body.
inline constexpr std::size_t kMessageBytes = 1024 * 1024;

/// A content type, as text.
inline constexpr std::size_t kContentTypeBytes = 255;

/// Partitions of the ring, a power of two: enough that 300 nodes divide them evenly, few enough that a table is 100
/// KiB. A build for simulations alone may have fewer, since nearly all of their time goes into partitions without keys.
#ifdef MYDHT_PARTITION_BITS
inline constexpr unsigned kPartitionBits = MYDHT_PARTITION_BITS;
#else
inline constexpr unsigned kPartitionBits = 14;
#endif
inline constexpr std::size_t kPartitions = std::size_t{1} << kPartitionBits;

/// Copies of a key, at most: one more costs every write a node.
inline constexpr unsigned kReplicas = 9;

/// Members of a ring, at most. Tables are computed by every node; 1,000 nodes take under a second.
inline constexpr std::size_t kMembers = 1000;

/// A client's write may be at most this far in the future of the home node's clock, the stored version and the closed
/// mark.
inline constexpr std::int64_t kFutureMicros = 10'000'000;

/// The last microsecond of the year 9999, the last that a date can be printed of. A time beyond it, or before 1970, is
/// a mistake wherever it comes from: sums and differences of times within cannot overflow.
inline constexpr std::int64_t kLastMicros = 253'402'300'799'999'999;
inline constexpr bool isTime(std::int64_t micros) {
  return micros >= 0 && micros <= kLastMicros;
}

}  // namespace mydht::limits
