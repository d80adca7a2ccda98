#include "server/wire/codec.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "common/result/limits.h"

namespace mydht::wire {

Writer& Writer::text(std::string_view value) {
  number(static_cast<std::uint32_t>(value.size()));
  bytes_.append(value);
  return *this;
}

Writer& Writer::digest(const Digest& value) {
  bytes_.append(reinterpret_cast<const char*>(value.data()), value.size());
  return *this;
}

Writer& Writer::version(const Version& value) {
  return number(value.physicalMicros).number(value.counter).number(value.node).number(value.boot);
}

Writer& Writer::entry(const Entry& value) {
  text(value.key).version(value.version).number(value.size).digest(value.sha256).text(value.contentType);
  return number<std::uint8_t>(value.tombstone ? 1 : 0);
}

Writer& Writer::name(const ring::VersionName& value) {
  return number(value.height).number(value.hash);
}

Writer& Writer::list(const ring::MemberList& value) {
  number(value.replicas).number(value.replicasNumber).number(value.algorithm);
  number(static_cast<std::uint32_t>(value.members.size()));
  for (const ring::Member& member : value.members) {
    number(member.id).number(static_cast<std::uint8_t>(member.rank)).number(member.number).number(member.tokenSeed);
    number(member.weightHundredths).text(member.zone);
  }
  return *this;
}

Writer& Writer::view(const ring::ViewLists& value) {
  number(value.ringIdentity).number(static_cast<std::uint8_t>(value.active.size()));
  for (const ring::MemberList& version : value.active) list(version);
  number(static_cast<std::uint8_t>(value.past.size()));
  for (const ring::MemberList& version : value.past) list(version);
  return *this;
}

bool Reader::has(std::size_t bytes) {
  if (rest_.size() >= bytes) return true;
  fail();
  return false;
}

std::string_view Reader::text(std::size_t most) {
  const auto length = number<std::uint32_t>();
  if (length > most) fail();
  if (!has(length)) return {};
  const std::string_view value = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return ok_ ? value : std::string_view();
}

Digest Reader::digest() {
  Digest value{};
  if (!has(value.size())) return value;
  std::memcpy(value.data(), rest_.data(), value.size());
  rest_.remove_prefix(value.size());
  return value;
}

Version Reader::version() {
  Version value;
  number(value.physicalMicros);
  number(value.counter);
  number(value.node);
  number(value.boot);
  if (!limits::isTime(value.physicalMicros)) fail();
  return value;
}

Entry Reader::entry() {
  Entry value;
  value.key = text(limits::kKeyBytes);
  value.version = version();
  number(value.size);
  value.sha256 = digest();
  value.contentType = text(limits::kContentTypeBytes);
  const auto tombstone = number<std::uint8_t>();
  value.tombstone = tombstone == 1;
  if (tombstone > 1 || value.key.empty()) fail();
  return value;
}

bool Reader::flag() {
  const auto value = number<std::uint8_t>();
  if (value > 1) fail();
  return value == 1;
}

std::string Reader::partitionBits() {
  std::string bits(text(limits::kPartitions / 8));
  if (!bits.empty() && bits.size() != limits::kPartitions / 8) fail();
  return bits;
}

ring::VersionName Reader::name() {
  ring::VersionName value;
  number(value.height);
  number(value.hash);
  return value;
}

ring::MemberList Reader::list() {
  ring::MemberList value;
  number(value.replicas);
  number(value.replicasNumber);
  number(value.algorithm);
  if (value.replicas == 0 || value.replicas > limits::kReplicas) fail();
  const std::size_t members = count(29);
  for (std::size_t i = 0; i < members && ok_; ++i) {
    ring::Member member;
    number(member.id);
    const auto rank = number<std::uint8_t>();
    if (rank > static_cast<std::uint8_t>(ring::Rank::Destroyed)) fail();
    member.rank = static_cast<ring::Rank>(rank);
    number(member.number);
    number(member.tokenSeed);
    number(member.weightHundredths);
    member.zone = text(limits::kKeyBytes);
    if (member.id == 0 || member.weightHundredths == 0 || member.weightHundredths > 100'000) fail();
    if (!value.members.empty() && value.members.back().id >= member.id) fail();
    if (ok_) value.members.push_back(std::move(member));
  }
  if (ok_ && !ring::checkList(value)) fail();
  return ok_ ? value : ring::MemberList{};
}

ring::ViewLists Reader::view() {
  ring::ViewLists value;
  number(value.ringIdentity);
  const std::size_t versions = number<std::uint8_t>();
  if (versions > ring::kMostActiveVersions) fail();
  for (std::size_t i = 0; i < versions && ok_; ++i) value.active.push_back(list());
  const std::size_t past = number<std::uint8_t>();
  if (past > ring::kPastVersions) fail();
  for (std::size_t i = 0; i < past && ok_; ++i) value.past.push_back(list());
  if (ok_ && !ring::canBeView(value)) fail();
  return value;
}

std::size_t Reader::count(std::size_t least) {
  const std::size_t things = number<std::uint32_t>();
  if (things * least > rest_.size()) {
    fail();
    return 0;
  }
  return things;
}

}  // namespace mydht::wire
