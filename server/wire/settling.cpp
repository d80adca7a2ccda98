#include "server/wire/settling.h"

#include "common/result/limits.h"

namespace mydht::wire {
namespace {

constexpr std::size_t kClosed = 9;
constexpr std::size_t kSettled = sizeof(PartitionId) + 8;

PartitionId readPartition(Reader& in) {
  const auto partition = in.number<PartitionId>();
  if (partition >= limits::kPartitions) in.fail();
  return partition;
}

std::size_t readCount(Reader& in, std::size_t least) {
  const std::size_t count = in.count(least);
  if (count > kMostSettled) in.fail();
  return in.ok() ? count : 0;
}

}  // namespace

void CloseAnswer::write(Writer& out) const {
  out.number(static_cast<std::uint32_t>(partitions.size()));
  for (const Closed& one : partitions) out.number<std::uint8_t>(one.can ? 1 : 0).number(one.digest);
}

CloseAnswer CloseAnswer::read(Reader& in) {
  CloseAnswer answer;
  answer.partitions.resize(readCount(in, kClosed));
  for (Closed& one : answer.partitions) {
    const auto can = in.number<std::uint8_t>();
    if (can > 1) in.fail();
    one.can = can == 1;
    in.number(one.digest);
  }
  return answer;
}

void Close::write(Writer& out) const {
  out.number(static_cast<std::uint32_t>(partitions.size()));
  for (const PartitionId partition : partitions) out.number(partition);
  out.version(upTo);
}

Close Close::read(Reader& in) {
  Close message;
  message.partitions.resize(readCount(in, sizeof(PartitionId)));
  for (PartitionId& partition : message.partitions) partition = readPartition(in);
  message.upTo = in.version();
  return message;
}

void Settle::write(Writer& out) const {
  out.number(static_cast<std::uint32_t>(partitions.size()));
  for (const Settled& one : partitions) out.number(one.partition).number(one.digest);
  out.version(upTo);
}

Settle Settle::read(Reader& in) {
  Settle message;
  message.partitions.resize(readCount(in, kSettled));
  for (Settled& one : message.partitions) {
    one.partition = readPartition(in);
    in.number(one.digest);
  }
  message.upTo = in.version();
  return message;
}

}  // namespace mydht::wire
