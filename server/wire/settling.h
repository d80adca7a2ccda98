#pragma once

#include <cstdint>
#include <vector>

#include "server/wire/messages.h"

/// What home nodes say to one another so that tombstones can be dropped (R12).
namespace mydht::wire {

/// What a home node holds of one partition up to T, once no client's write up to there is taken any more.
struct Closed {
  bool can = false;          ///< false: it is no filled home node of that partition, and has closed nothing
  std::uint64_t digest = 0;  ///< the sum of its entries up to T, those left out that it may drop
  bool operator==(const Closed&) const = default;
};
/// One word for each partition that was asked about.
struct CloseAnswer {
  std::vector<Closed> partitions;
  void write(Writer& out) const;
  static CloseAnswer read(Reader& in);
};
/// Take no client's write at or below T in these partitions any more, synced, and say what you hold up to there.
struct Close {
  static constexpr MessageType kType = MessageType::Close;
  using Answer = CloseAnswer;
  std::vector<PartitionId> partitions;  ///< at most kMostSettled
  Version upTo;
  void write(Writer& out) const;
  static Close read(Reader& in);
};

/// A partition of which all home nodes hold the same.
struct Settled {
  PartitionId partition = 0;
  std::uint64_t digest = 0;  ///< what they said of it
};
/// All home nodes hold the same of these partitions up to T: who still does is settled there, synced.
struct Settle {
  static constexpr MessageType kType = MessageType::Settle;
  using Answer = Empty;
  std::vector<Settled> partitions;  ///< at most kMostSettled
  Version upTo;
  void write(Writer& out) const;
  static Settle read(Reader& in);
};
/// Partitions in one message: each is read for it.
inline constexpr std::size_t kMostSettled = 64;

}  // namespace mydht::wire
