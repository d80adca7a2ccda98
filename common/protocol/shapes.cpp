#include "common/protocol/shapes.h"

#include <limits>

#include "common/http/percent.h"
#include "common/protocol/json.h"
#include "common/protocol/paths.h"
#include "common/result/limits.h"

namespace mydht::protocol {

namespace {

constexpr std::uint32_t kMost32 = std::numeric_limits<std::uint32_t>::max();

/// A key's members: `key`, `text` if it is UTF-8, and `url`.
void writeKey(JsonWriter& writer, std::string_view key) {
  writer.text("key", http::encodePath(key));
  if (isUtf8(key)) writer.text("text", key);
  writer.text("url", urlOf(key));
}

Key readKey(JsonReader& reader) {
  Result<std::string> key = http::decodePercent(reader.text("key"));
  if (key) return std::move(*key);
  reader.refuse("key", "is badly percent-encoded");
  return {};
}

MemberState readState(JsonReader& reader) {
  const std::string text = reader.text("state");
  for (MemberState state :
       {MemberState::Joining, MemberState::Active, MemberState::Leaving, MemberState::Gone, MemberState::Removed}) {
    if (memberStateText(state) == text) return state;
  }
  reader.refuse("state", "is not the state of a member");
  return MemberState::Active;
}

void writeMember(JsonWriter& writer, const NodeStatus& member) {
  writer.beginObject().identity("id", member.id).text("name", member.name).text("state", memberStateText(member.state));
  writer.number("weightHundredths", member.weightHundredths).text("zone", member.zone);
  if (member.lastCallOk) writer.flag("lastCallOk", *member.lastCallOk);
  if (!member.lastError.empty()) writer.text("lastError", member.lastError);
  if (member.partitions > 0) writer.number("partitions", member.partitions);
  writer.endObject();
}

NodeStatus readMember(JsonReader& reader) {
  NodeStatus member;
  member.id = reader.identity("id");
  member.name = reader.text("name");
  member.state = readState(reader);
  member.weightHundredths = static_cast<std::uint32_t>(reader.number("weightHundredths", kMost32));
  member.zone = reader.text("zone");
  if (reader.has("lastCallOk")) member.lastCallOk = reader.flag("lastCallOk");
  if (reader.has("lastError")) member.lastError = reader.text("lastError");
  if (reader.has("partitions")) member.partitions = static_cast<std::uint32_t>(reader.number("partitions", kMost32));
  return member;
}

/// Reads a list of objects by a function for each; what is wrong in one of them counts for the whole.
template <class T, class ReadOne>
std::vector<T> readList(JsonReader& reader, std::string_view name, const ReadOne& readOne) {
  std::vector<T> list;
  for (JsonReader& object : reader.objects(name)) {
    list.push_back(readOne(object));
    const Status status = object.status();
    if (!status) reader.refuse(name, status.error().text);
  }
  return list;
}

/// The value if everything that was read made sense.
template <class T>
Result<T> finished(const JsonReader& reader, T value) {
  const Status status = reader.status();
  if (!status) return status.error();
  return value;
}

}  // namespace

std::string_view memberStateText(MemberState state) {
  switch (state) {
    case MemberState::Joining:
      return "joining";
    case MemberState::Active:
      return "active";
    case MemberState::Leaving:
      return "leaving";
    case MemberState::Gone:
      return "gone";
    case MemberState::Removed:
      return "removed";
  }
  invariantBroken("a known state", __FILE__, __LINE__);
}

std::string toJson(const RingStatus& status) {
  JsonWriter writer;
  writer.beginObject().identity("self", status.self).text("selfName", status.selfName);
  writer.text("programVersion", status.programVersion).identity("ringIdentity", status.ringIdentity);
  writer.number("height", status.height).identity("listHash", status.listHash);
  writer.identity("fingerprint", status.fingerprint).number("activeVersions", status.activeVersions);
  writer.number("replicas", status.replicas).beginList("members");
  for (const NodeStatus& member : status.members) writeMember(writer, member);
  writer.endList().number("keys", status.keys).number("bytes", status.bytes).beginList("firstKeys");
  for (const Key& key : status.firstKeys) {
    writer.beginObject();
    writeKey(writer, key);
    writer.endObject();
  }
  writer.endList();
  if (status.copies > 0) writer.number("copies", status.copies);
  if (status.toFill > 0) writer.number("toFill", status.toFill);
  if (!status.trouble.empty()) writer.text("trouble", status.trouble);
  return writer.endObject().take();
}

std::string toJson(const WhereIs& whereIs) {
  JsonWriter writer;
  writer.beginObject();
  writeKey(writer, whereIs.key);
  writer.number("partition", whereIs.partition).beginList("nodes");
  for (const std::string& node : whereIs.nodes) writer.element(node);
  return writer.endList().endObject().take();
}

std::string toJson(const HasKey& hasKey) {
  JsonWriter writer;
  writer.beginObject();
  writeKey(writer, hasKey.key);
  writer.flag("found", hasKey.found).number("timestampMicros", static_cast<std::uint64_t>(hasKey.timestampMicros));
  return writer.number("size", hasKey.size).text("sha256", hasKey.sha256).endObject().take();
}

Result<RingStatus> ringStatusFromJson(std::string_view json) {
  Result<JsonReader> reader = JsonReader::parse(json);
  if (!reader) return reader.error();
  RingStatus status;
  status.self = reader->identity("self");
  status.selfName = reader->text("selfName");
  status.programVersion = reader->text("programVersion");
  status.ringIdentity = reader->identity("ringIdentity");
  status.height = reader->number("height");
  status.listHash = reader->identity("listHash");
  status.fingerprint = reader->identity("fingerprint");
  status.activeVersions = static_cast<std::uint32_t>(reader->number("activeVersions", kMost32));
  status.replicas = static_cast<std::uint32_t>(reader->number("replicas", kMost32));
  status.members = readList<NodeStatus>(*reader, "members", readMember);
  status.keys = reader->number("keys");
  status.bytes = reader->number("bytes");
  status.firstKeys = readList<Key>(*reader, "firstKeys", readKey);
  if (reader->has("copies")) status.copies = static_cast<std::uint32_t>(reader->number("copies", kMost32));
  if (reader->has("toFill")) status.toFill = reader->number("toFill");
  if (reader->has("trouble")) status.trouble = reader->text("trouble");
  return finished(*reader, std::move(status));
}

Result<WhereIs> whereIsFromJson(std::string_view json) {
  Result<JsonReader> reader = JsonReader::parse(json);
  if (!reader) return reader.error();
  WhereIs whereIs;
  whereIs.key = readKey(*reader);
  whereIs.partition = static_cast<PartitionId>(reader->number("partition", limits::kPartitions - 1));
  whereIs.nodes = reader->texts("nodes");
  return finished(*reader, std::move(whereIs));
}

Result<HasKey> hasKeyFromJson(std::string_view json) {
  Result<JsonReader> reader = JsonReader::parse(json);
  if (!reader) return reader.error();
  HasKey hasKey;
  hasKey.key = readKey(*reader);
  hasKey.found = reader->flag("found");
  hasKey.timestampMicros =
      static_cast<std::int64_t>(reader->number("timestampMicros", std::numeric_limits<std::int64_t>::max()));
  hasKey.size = reader->number("size");
  hasKey.sha256 = reader->text("sha256");
  return finished(*reader, std::move(hasKey));
}

}  // namespace mydht::protocol
