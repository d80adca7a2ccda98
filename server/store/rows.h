#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/version/entry.h"
#include "server/ports/disk.h"
#include "server/task/bytes.h"

/// The names and contents of the disk's rows; docs/storage-format.md says the same in prose. Every content begins with
/// the number of its format.
namespace mydht::store {

/// One key's row: its entry, and its value or where that is. Immutable, shared by the cache and everybody who reads.
struct Row {
  Entry entry;
  Bytes value;      ///< a small value's bytes
  BlobId blob = 0;  ///< a large value's file; 0: the value is inline
};
using RowPtr = std::shared_ptr<const Row>;

/// `e`, the partition (big-endian), the key: entries lie together by partition, for filling and comparing.
std::string entryRowName(std::string_view key);
/// The key that is in the name of an entry's row, whatever the row's content is.
Key keyOfEntryRow(std::string_view name);
/// The least name that an entry of this partition after this key can have.
std::string entryRowAfter(PartitionId partition, std::string_view key);
/// The least name beyond the partition's entries.
std::string entryRowsEnd(PartitionId partition);
/// `k`, the key: all keys in their order, for listing; written, and dropped, together with the key's entry.
std::string listRowName(std::string_view key);
/// `p`, the partition: its marks and counts.
std::string partitionRowName(PartitionId partition);
/// `r`, a node: what this node remembers of it.
std::string peerRowName(NodeId node);

inline constexpr std::string_view kIdentityRow = "n.identity";
inline constexpr std::string_view kRingRow = "n.ring";
inline constexpr std::string_view kClockRow = "n.clock";

Bytes encodeEntryRow(const Row& row);
/// `name` is the row's name, which holds the key. Corrupt if either is not what encodeEntryRow and entryRowName made.
Result<RowPtr> decodeEntryRow(std::string_view name, std::string_view content);

/// What a listing says of a key: its entry without the value, so that a page is one read of rows that lie together.
Bytes encodeListRow(const Entry& entry);
/// Corrupt if it is not what encodeListRow and listRowName made. An empty content, as it was written at first, is the
/// caller's: a live key of which the entry's row knows more.
Result<Entry> decodeListRow(std::string_view name, std::string_view content);

/// A partition's marks (R12) and what lies in it.
struct PartitionRow {
  Version closed;
  Version settled;
  std::uint64_t keys = 0;  ///< live ones
  std::uint64_t tombstones = 0;
  std::uint64_t bytes = 0;                ///< of live values
  std::optional<std::uint64_t> digest{};  ///< the sum of its entries (hash_trees.h); none: has to be added up
};
Bytes encodePartitionRow(const PartitionRow& row);
Result<PartitionRow> decodePartitionRow(std::string_view content);

}  // namespace mydht::store
