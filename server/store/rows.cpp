#include "server/store/rows.h"

#include <algorithm>

#include "common/hash/position.h"
#include "common/result/limits.h"
#include "server/wire/codec.h"

namespace mydht::store {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kFormatWithDigest = 2;  // of a partition
constexpr std::uint8_t kTombstone = 1;
constexpr std::uint8_t kInBlob = 2;
constexpr std::size_t kEntryPrefix = 3;

std::string withPartition(char family, PartitionId partition) {
  return {family, static_cast<char>(partition >> 8), static_cast<char>(partition & 0xff)};
}

}  // namespace

std::string entryRowName(std::string_view key) {
  return withPartition('e', partitionOf(key)).append(key);
}

Key keyOfEntryRow(std::string_view name) {
  return Key(name.substr(std::min(name.size(), kEntryPrefix)));
}

std::string entryRowAfter(PartitionId partition, std::string_view key) {
  std::string name = withPartition('e', partition).append(key);
  if (!key.empty()) name.push_back('\0');
  return name;
}

std::string entryRowsEnd(PartitionId partition) {
  return partition == limits::kPartitions - 1 ? std::string("f")
                                              : withPartition('e', static_cast<PartitionId>(partition + 1));
}

std::string listRowName(std::string_view key) {
  return std::string("k").append(key);
}

std::string partitionRowName(PartitionId partition) {
  return withPartition('p', partition);
}

std::string peerRowName(NodeId node) {
  std::string name = "r";
  for (int shift = 56; shift >= 0; shift -= 8) name.push_back(static_cast<char>((node >> shift) & 0xff));
  return name;
}

Bytes encodeEntryRow(const Row& row) {
  const Entry& entry = row.entry;
  const int flags = (entry.tombstone ? kTombstone : 0) | (row.blob != 0 ? kInBlob : 0);
  wire::Writer out;
  out.number(kFormat).number(static_cast<std::uint8_t>(flags)).version(entry.version).number(entry.size);
  out.digest(entry.sha256).text(entry.contentType);
  if (row.blob != 0) {
    out.number(row.blob);
  } else {
    out.text(row.value.view());
  }
  return Bytes(out.take());
}

Result<RowPtr> decodeEntryRow(std::string_view name, std::string_view content) {
  wire::Reader in(content);
  auto row = std::make_shared<Row>();
  const auto format = in.number<std::uint8_t>();
  const auto flags = in.number<std::uint8_t>();
  Entry& entry = row->entry;
  entry.key = keyOfEntryRow(name);
  entry.tombstone = (flags & kTombstone) != 0;
  entry.version = in.version();
  in.number(entry.size);
  entry.sha256 = in.digest();
  entry.contentType = in.text(limits::kContentTypeBytes);
  if ((flags & kInBlob) != 0) {
    in.number(row->blob);
  } else {
    row->value = Bytes(std::string(in.text(limits::kInlineBytes)));
  }
  const bool inBlob = (flags & kInBlob) != 0;
  const bool flagsMakeSense = flags <= (kTombstone | kInBlob) && inBlob == (row->blob != 0);
  const bool sizesAgree = inBlob || row->value.size() == entry.size;
  const bool sound = format == kFormat && in.whole() && flagsMakeSense && sizesAgree;
  if (!sound || entry.key.empty() || entryRowName(entry.key) != name) {
    return Error{Kind::Corrupt, "a damaged entry row"};
  }
  return RowPtr(std::move(row));
}

Bytes encodeListRow(const Entry& entry) {
  wire::Writer out;
  out.number(kFormat).number(static_cast<std::uint8_t>(entry.tombstone ? kTombstone : 0));
  out.version(entry.version).number(entry.size).digest(entry.sha256).text(entry.contentType);
  return Bytes(out.take());
}

Result<Entry> decodeListRow(std::string_view name, std::string_view content) {
  wire::Reader in(content);
  Entry entry;
  const auto format = in.number<std::uint8_t>();
  const auto flags = in.number<std::uint8_t>();
  entry.key = name.substr(std::min<std::size_t>(name.size(), 1));
  entry.tombstone = flags == kTombstone;
  entry.version = in.version();
  in.number(entry.size);
  entry.sha256 = in.digest();
  entry.contentType = in.text(limits::kContentTypeBytes);
  const bool sound = format == kFormat && flags <= kTombstone && in.whole() && !entry.key.empty();
  if (!sound) return Error{Kind::Corrupt, "a damaged row of the listing"};
  return entry;
}

Bytes encodePartitionRow(const PartitionRow& row) {
  wire::Writer out;
  out.number(row.digest ? kFormatWithDigest : kFormat)
      .version(row.closed)
      .version(row.settled)
      .number(row.keys)
      .number(row.tombstones)
      .number(row.bytes);
  if (row.digest) out.number(*row.digest);
  return Bytes(out.take());
}

Result<PartitionRow> decodePartitionRow(std::string_view content) {
  wire::Reader in(content);
  PartitionRow row;
  const auto format = in.number<std::uint8_t>();
  row.closed = in.version();
  row.settled = in.version();
  in.number(row.keys);
  in.number(row.tombstones);
  in.number(row.bytes);
  if (format == kFormatWithDigest) row.digest = in.number<std::uint64_t>();
  if ((format != kFormat && format != kFormatWithDigest) || !in.whole())
    return Error{Kind::Corrupt, "a damaged partition row"};
  return row;
}

}  // namespace mydht::store
