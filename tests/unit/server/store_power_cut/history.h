#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/version/entry.h"

namespace mydht {

/// Something that was asked of a store; what it has done must be there once it is acknowledged, and may be before.
struct Asked {
  enum class Kind : std::uint8_t { Offer, Forget, Settle };
  Kind kind = Kind::Offer;
  Entry entry{};              ///< Offer: this one; Forget: this one goes, by a purge or a reaping
  PartitionId partition = 0;  ///< Settle: its marks rise to this version
  Version settled{};
};

/// What was asked of a store up to a moment, and acknowledged: what may and what must be on its disk then. A value.
class History {
 public:
  void begin(const Asked& asked);
  void acknowledge(const Asked& asked, std::uint64_t batch);

  /// All keys that were ever offered.
  std::vector<Key> keys() const;
  /// Why a store that holds this of the key has lost or made up something; empty: it may. Null: it holds nothing.
  std::string wrongWith(const Key& key, const Entry* held) const;
  /// The same of a partition's mark *settled*.
  std::string wrongMark(PartitionId partition, const Version& settled) const;
  /// The number of the last batch that an acknowledgement rests on.
  std::uint64_t lastBatch() const { return lastBatch_; }
  std::size_t acknowledged() const { return acknowledged_; }

 private:
  struct Known {
    std::vector<Entry> offered;       ///< what may be there,
    std::optional<Entry> there;       ///< this at least,
    std::vector<Version> mayBeGone;   ///< unless it is one of these,
    std::vector<Version> mustBeGone;  ///< and none of these
  };
  struct Mark {
    Version begun;
    Version reached;
  };
  std::map<Key, Known> keys_;
  std::map<PartitionId, Mark> marks_;
  std::uint64_t lastBatch_ = 0;
  std::size_t acknowledged_ = 0;
};

}  // namespace mydht
