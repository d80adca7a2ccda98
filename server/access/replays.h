#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "common/protocol/signature.h"

namespace mydht::access {

/// Signatures are taken this far from this node's clock.
inline constexpr std::int64_t kSignatureMicros = std::int64_t{5} * 60 * 1'000'000;

/// Remembers the signatures that were taken, for as long as their time lets them be taken again, so that each is taken
/// once. Bounded: with more than `most` of them the oldest are forgotten, and from then on signatures as old as those
/// are refused without looking, so that what is forgotten cannot come again either: under such load a sender's clock
/// may be less far behind. Owned by AccessPolicy; any thread.
class Replays {
 public:
  /// A million are 16 MiB: 3,000 signed requests a second for the five minutes, 20,000 for 50 s.
  static constexpr std::size_t kMost = 1'000'000;

  explicit Replays(std::size_t most = kMost) : most_(most) {}

  enum class Verdict {
    Taken,      ///< seen for the first time, and remembered now
    Again,      ///< it was taken before
    Early,      ///< its time is too far in the future
    Late,       ///< its time is too far in the past
    Forgotten,  ///< its time is as old as that of what was forgotten
  };
  /// To be asked of a signature that is right.
  Verdict take(const protocol::Signature& signature, std::int64_t nowMicros);
  /// How many are remembered.
  std::size_t size() const;

 private:
  /// Numbers that are spread evenly, in a table at most half full.
  class Set {
   public:
    /// Whether it was not in yet.
    bool insert(std::uint64_t number);
    std::size_t size() const { return size_; }

   private:
    void grow();
    std::vector<std::uint64_t> slots_;  ///< 0: free
    std::size_t size_ = 0;
  };

  void forgetFirst();

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::map<std::int64_t, Set> byTime_;  ///< by the signatures' times in units of kUnitMicros
  std::size_t size_ = 0;
  std::int64_t forgottenBefore_ = 0;  ///< in the same unit: what is older is not taken
};

}  // namespace mydht::access
