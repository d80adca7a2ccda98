#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/result/limits.h"
#include "server/wire/messages.h"

/// Random parts of messages, drawn inside a property: each call is a new value. One thread.
namespace mydht::wire::test {

template <class T>
T anyNumber() {
  return *rc::gen::arbitrary<T>();
}

inline bool anyFlag() {
  return *rc::gen::arbitrary<bool>();
}

/// Any bytes, zeros and bytes above 127 among them.
inline std::string anyText(std::size_t least, std::size_t most) {
  auto text = *rc::gen::resize(static_cast<int>(most), rc::gen::arbitrary<std::string>());
  if (text.size() > most) text.resize(most);
  if (text.size() < least) text.resize(least, 'x');
  return text;
}

inline Key anyKey() {
  return anyText(1, 40);
}

inline Digest anyDigest() {
  Digest digest{};
  for (auto& byte : digest) byte = anyNumber<std::uint8_t>();
  return digest;
}

/// From 1970 to the end of 9999.
inline std::int64_t anyTime() {
  return *rc::gen::inRange<std::int64_t>(0, limits::kLastMicros + 1);
}

inline Version anyVersion() {
  return {anyTime(), anyNumber<std::uint32_t>(), anyNumber<NodeId>(), anyNumber<std::uint32_t>()};
}

inline Entry anyEntry() {
  Entry entry;
  entry.key = anyKey();
  entry.version = anyVersion();
  entry.size = anyNumber<std::uint64_t>();
  entry.sha256 = anyDigest();
  entry.contentType = anyText(0, 30);
  entry.tombstone = anyFlag();
  return entry;
}

inline std::optional<Entry> maybeEntry() {
  if (anyFlag()) return std::nullopt;
  return anyEntry();
}

inline ring::VersionName anyName() {
  return {anyNumber<std::uint64_t>(), anyNumber<std::uint64_t>()};
}

inline ring::Member anyMember(NodeId id) {
  ring::Member member;
  member.id = id;
  member.rank = static_cast<ring::Rank>(*rc::gen::inRange(0, 3));
  member.number = anyNumber<std::uint32_t>();
  member.tokenSeed = anyNumber<std::uint64_t>();
  member.weightHundredths = *rc::gen::inRange<std::uint32_t>(ring::kLeastWeight, ring::kMostWeight + 1);
  member.zone = anyText(0, 10);
  return member;
}

/// One that ring::checkList takes.
inline ring::MemberList anyList() {
  ring::MemberList list;
  list.replicas = *rc::gen::inRange<std::uint32_t>(1, limits::kReplicas + 1);
  list.replicasNumber = anyNumber<std::uint32_t>();
  const NodeId members = *rc::gen::inRange<NodeId>(1, 6);
  for (NodeId id = 1; id <= members; ++id) list.members.push_back(anyMember(id * 0x0101010101010101));
  list.members.front().rank = ring::Rank::Present;
  return list;
}

/// One to three versions, each containing the one before.
inline ring::ViewLists anyView() {
  ring::ViewLists view;
  view.ringIdentity = anyNumber<std::uint64_t>();
  view.active.push_back(anyList());
  const std::size_t versions = *rc::gen::inRange<std::size_t>(1, ring::kActiveVersions + 1);
  while (view.active.size() < versions) {
    ring::MemberList next = view.active.back();
    ring::Member member = anyMember(0xf000000000000000 + view.active.size());
    member.rank = ring::Rank::Present;
    next.put(member);
    view.active.push_back(std::move(next));
  }
  return view;
}

/// Rising, as a fill asks for them.
inline std::vector<PartitionId> anyPartitions() {
  auto partitions = *rc::gen::container<std::vector<PartitionId>>(
      rc::gen::inRange<PartitionId>(0, static_cast<PartitionId>(limits::kPartitions)));
  std::sort(partitions.begin(), partitions.end());
  return partitions;
}

}  // namespace mydht::wire::test
