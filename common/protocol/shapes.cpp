#include "common/protocol/shapes.h"

#include <limits>

#include "common/http/percent.h"
#include "common/protocol/json.h"
#include "common/protocol/paths.h"
#include "common/result/limits.h"

namespace mydht::protocol {

namespace {

constexpr std::uint32_t kMost32 = std::numeric_limits<std::uint32_t>::max();

/// A percent-encoded text.
std::string readEncoded(JsonReader& reader, std::string_view name) {
  Result<std::string> text = http::decodePercent(reader.text(name));
  if (text) return std::move(*text);
  reader.refuse(name, "is badly percent-encoded");
  return {};
}

Key readKey(JsonReader& reader) {
  return readEncoded(reader, "key");
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

std::optional<Liveness> readLiveness(JsonReader& reader) {
  if (!reader.has("liveness")) return std::nullopt;
  const std::string text = reader.text("liveness");
  for (Liveness liveness : {Liveness::Alive, Liveness::Suspect, Liveness::Down}) {
    if (livenessText(liveness) == text) return liveness;
  }
  reader.refuse("liveness", "is not how alive a member is");
  return std::nullopt;
}

void writeAgreement(JsonWriter& writer, const Agreement& agreement) {
  writer.beginObject("agreement").number("lacking", agreement.lacking).number("differing", agreement.differing);
  writer.number("uncompared", agreement.uncompared).number("seconds", agreement.seconds);
  writer.number("comparedSecondsAgo", agreement.comparedSecondsAgo).endObject();
}

std::optional<Agreement> readAgreement(JsonReader& reader) {
  if (!reader.has("agreement")) return std::nullopt;
  JsonReader object = reader.object("agreement");
  const Agreement agreement{object.number("lacking"), object.number("differing"), object.number("uncompared"),
                            object.number("seconds"), object.number("comparedSecondsAgo")};
  if (!object.status()) reader.refuse("agreement", "is not how equal a member's copies are");
  return agreement;
}

void writeDiskUse(JsonWriter& writer, const DiskUse& use) {
  writer.beginObject("diskUse").number("totalBytes", use.totalBytes).number("freeBytes", use.freeBytes);
  writer.number("reserveBytes", use.reserveBytes).seconds("scrubbed", use.scrubbedMicros);
  writer.number("findings", use.findings).number("waiting", use.waiting);
  writer.number("damagedTables", use.damagedTables).endObject();
}

std::optional<DiskUse> readDiskUse(JsonReader& reader) {
  if (!reader.has("diskUse")) return std::nullopt;
  JsonReader object = reader.object("diskUse");
  DiskUse use{object.number("totalBytes"), object.number("freeBytes"), object.number("reserveBytes"),
              object.seconds("scrubbed"),  object.number("findings"),  object.number("waiting")};
  if (object.has("damagedTables")) use.damagedTables = object.number("damagedTables");
  if (!object.status()) reader.refuse("diskUse", "is not how a member's disk is");
  return use;
}

void writeMember(JsonWriter& writer, const NodeStatus& member) {
  writer.beginObject().identity("id", member.id).text("name", member.name).text("state", memberStateText(member.state));
  writer.number("weightHundredths", member.weightHundredths).text("zone", member.zone);
  if (member.liveness) writer.text("liveness", livenessText(*member.liveness));
  if (member.lastCallOk) writer.flag("lastCallOk", *member.lastCallOk);
  if (!member.lastError.empty()) writer.text("lastError", member.lastError);
  if (member.partitions > 0) writer.number("partitions", member.partitions);
  if (member.hints > 0) writer.number("hints", member.hints);
  if (member.hintsInAll > 0) writer.number("hintsInAll", member.hintsInAll);
  if (!member.tombstonesWait.empty()) writer.text("tombstonesWait", member.tombstonesWait);
  if (member.tombstonesWaitAt > 0) writer.number("tombstonesWaitAt", member.tombstonesWaitAt);
  if (member.keys) writer.number("keys", *member.keys);
  if (member.bytes) writer.number("bytes", *member.bytes);
  if (member.toFill) writer.number("toFill", *member.toFill);
  if (member.move) {
    const Move& move = *member.move;
    writer.beginObject("move").number("partitions", move.partitions).number("done", move.done);
    writer.number("bytes", move.bytes).number("bytesPerSecond", move.bytesPerSecond);
    writer.number("secondsLeft", move.secondsLeft).endObject();
  }
  if (member.agreement) writeAgreement(writer, *member.agreement);
  if (member.uptimeSeconds) writer.number("uptimeSeconds", *member.uptimeSeconds);
  if (member.clockOffsetMicros) writer.signedNumber("clockOffsetMicros", *member.clockOffsetMicros);
  if (member.clockOff) writer.flag("clockOff", true);
  if (member.fingerprint) writer.identity("fingerprint", *member.fingerprint);
  if (!member.version.empty()) writer.text("version", member.version);
  if (!member.disk.empty()) writer.text("disk", member.disk);
  if (member.diskUse) writeDiskUse(writer, *member.diskUse);
  if (member.tombstones) writer.number("tombstones", *member.tombstones);
  writer.endObject();
}

NodeStatus readMember(JsonReader& reader) {
  NodeStatus member;
  member.id = reader.identity("id");
  member.name = reader.text("name");
  member.state = readState(reader);
  member.weightHundredths = static_cast<std::uint32_t>(reader.number("weightHundredths", kMost32));
  member.zone = reader.text("zone");
  member.liveness = readLiveness(reader);
  if (reader.has("lastCallOk")) member.lastCallOk = reader.flag("lastCallOk");
  if (reader.has("lastError")) member.lastError = reader.text("lastError");
  if (reader.has("partitions")) member.partitions = static_cast<std::uint32_t>(reader.number("partitions", kMost32));
  if (reader.has("hints")) member.hints = reader.number("hints");
  if (reader.has("hintsInAll")) member.hintsInAll = reader.number("hintsInAll");
  if (reader.has("tombstonesWaitAt")) member.tombstonesWaitAt = reader.number("tombstonesWaitAt");
  if (reader.has("tombstonesWait")) member.tombstonesWait = reader.text("tombstonesWait");
  if (reader.has("keys")) member.keys = reader.number("keys");
  if (reader.has("bytes")) member.bytes = reader.number("bytes");
  if (reader.has("toFill")) member.toFill = reader.number("toFill");
  if (reader.has("move")) {
    JsonReader move = reader.object("move");
    member.move = Move{move.number("partitions"), move.number("done"), move.number("bytes"),
                       move.number("bytesPerSecond"), move.number("secondsLeft")};
    if (!move.status()) reader.refuse("move", "is not how far a member is");
  }
  member.agreement = readAgreement(reader);
  if (reader.has("uptimeSeconds")) member.uptimeSeconds = reader.number("uptimeSeconds");
  if (reader.has("clockOffsetMicros")) member.clockOffsetMicros = reader.signedNumber("clockOffsetMicros");
  if (reader.has("clockOff")) member.clockOff = reader.flag("clockOff");
  if (reader.has("fingerprint")) member.fingerprint = reader.identity("fingerprint");
  if (reader.has("version")) member.version = reader.text("version");
  if (reader.has("disk")) member.disk = reader.text("disk");
  member.diskUse = readDiskUse(reader);
  if (reader.has("tombstones")) member.tombstones = reader.number("tombstones");
  return member;
}

void writeDisk(JsonWriter& writer, const DiskStatus& disk) {
  writer.beginObject("disk").text("state", disk.state).number("totalBytes", disk.totalBytes);
  writer.number("freeBytes", disk.freeBytes).number("reserveBytes", disk.reserveBytes);
  writer.number("scrubs", disk.scrubs).seconds("scrubbed", disk.scrubbedMicros);
  writer.number("scrubbedBytes", disk.scrubbedBytes).number("findings", disk.findings);
  writer.flag("scrubbing", disk.scrubbing).number("damaged", disk.damaged);
  writer.number("repaired", disk.repaired).number("waiting", disk.waiting);
  writer.number("damagedTables", disk.damagedTables).endObject();
}

DiskStatus readDisk(JsonReader& reader) {
  DiskStatus disk;
  disk.state = reader.text("state");
  disk.totalBytes = reader.number("totalBytes");
  disk.freeBytes = reader.number("freeBytes");
  disk.reserveBytes = reader.number("reserveBytes");
  disk.scrubs = reader.number("scrubs");
  disk.scrubbedMicros = reader.seconds("scrubbed");
  disk.scrubbedBytes = reader.number("scrubbedBytes");
  disk.findings = reader.number("findings");
  disk.scrubbing = reader.flag("scrubbing");
  disk.damaged = reader.number("damaged");
  disk.repaired = reader.number("repaired");
  disk.waiting = reader.number("waiting");
  if (reader.has("damagedTables")) disk.damagedTables = reader.number("damagedTables");
  return disk;
}

void writeTraffic(JsonWriter& writer, const Traffic& traffic) {
  writer.beginObject("traffic").number("secondsPerStep", traffic.secondsPerStep);
  writer.numbers("requests", traffic.requests).numbers("bytesIn", traffic.bytesIn);
  writer.numbers("bytesOut", traffic.bytesOut).endObject();
}

Traffic readTraffic(JsonReader& reader) {
  Traffic traffic;
  traffic.secondsPerStep = reader.number("secondsPerStep");
  traffic.requests = reader.numbers("requests");
  traffic.bytesIn = reader.numbers("bytesIn");
  traffic.bytesOut = reader.numbers("bytesOut");
  return traffic;
}

void writeEvent(JsonWriter& writer, const Event& event) {
  writer.beginObject().seconds("at", event.atMicros).text("severity", event.severity).text("event", event.event);
  writer.text("fields", event.fields).endObject();
}

Event readEvent(JsonReader& reader) {
  Event event;
  event.atMicros = reader.seconds("at");
  event.severity = reader.text("severity");
  event.event = reader.text("event");
  event.fields = reader.text("fields");
  return event;
}

void writeForecast(JsonWriter& writer, const Forecast& forecast) {
  writer.beginObject("dryRun").number("partitions", forecast.partitions).number("copies", forecast.copies);
  writer.number("least", forecast.least).number("bytes", forecast.bytes);
  if (!forecast.refused.empty()) writer.text("refused", forecast.refused);
  writer.endObject();
}

std::optional<Forecast> readForecast(JsonReader& reader) {
  if (!reader.has("dryRun")) return std::nullopt;
  JsonReader object = reader.object("dryRun");
  Forecast forecast{object.number("partitions"), object.number("copies"), object.number("least"),
                    object.number("bytes")};
  if (object.has("refused")) forecast.refused = object.text("refused");
  if (!object.status()) reader.refuse("dryRun", "is not what a change would do");
  return forecast;
}

void writeListed(JsonWriter& writer, const ListedKey& listed) {
  writer.beginObject();
  writeKey(writer, listed.key);
  writer.number("size", listed.size).seconds("modified", listed.modifiedMicros).text("sha256", listed.sha256);
  if (!listed.contentType.empty()) writer.text("type", listed.contentType);
  writer.endObject();
}

ListedKey readListed(JsonReader& reader) {
  ListedKey listed;
  listed.key = readKey(reader);
  listed.size = reader.number("size");
  listed.modifiedMicros = reader.seconds("modified");
  listed.sha256 = reader.text("sha256");
  if (reader.has("type")) listed.contentType = reader.text("type");
  return listed;
}

Key readPrefix(JsonReader& reader) {
  return readEncoded(reader, "prefix");
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

void writeKey(JsonWriter& writer, std::string_view key) {
  writer.text("key", http::encodePath(key));
  if (isUtf8(key)) writer.text("text", key);
  writer.text("url", urlOf(key));
}

void writePrefix(JsonWriter& writer, std::string_view prefix) {
  writer.text("prefix", http::encodePath(prefix));
  if (isUtf8(prefix)) writer.text("text", prefix);
}

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

std::string_view livenessText(Liveness liveness) {
  switch (liveness) {
    case Liveness::Alive:
      return "alive";
    case Liveness::Suspect:
      return "suspect";
    case Liveness::Down:
      return "down";
  }
  invariantBroken("a known liveness", __FILE__, __LINE__);
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
  if (status.tombstones > 0) writer.number("tombstones", status.tombstones);
  if (status.toFill > 0) writer.number("toFill", status.toFill);
  if (!status.trouble.empty()) writer.text("trouble", status.trouble);
  if (status.disk) writeDisk(writer, *status.disk);
  if (status.traffic) writeTraffic(writer, *status.traffic);
  if (!status.lately.empty()) {
    writer.beginList("lately");
    for (const Event& event : status.lately) writeEvent(writer, event);
    writer.endList();
  }
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

std::string toJson(const ListedKey& listed) {
  JsonWriter writer;
  writeListed(writer, listed);
  return writer.take();
}

std::string toJson(const Listing& listing) {
  JsonWriter writer;
  writer.beginObject().beginList("keys");
  for (const ListedKey& listed : listing.keys) writeListed(writer, listed);
  writer.endList().beginList("prefixes");
  for (const Key& prefix : listing.prefixes) {
    writer.beginObject();
    writePrefix(writer, prefix);
    writer.endObject();
  }
  writer.endList();
  if (listing.next) writer.text("next", http::encodePath(*listing.next));
  return writer.endObject().take();
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
  if (reader->has("tombstones")) status.tombstones = reader->number("tombstones");
  if (reader->has("toFill")) status.toFill = reader->number("toFill");
  if (reader->has("trouble")) status.trouble = reader->text("trouble");
  if (reader->has("disk")) {
    JsonReader disk = reader->object("disk");
    status.disk = readDisk(disk);
    if (const Status read = disk.status(); !read) reader->refuse("disk", read.error().text);
  }
  if (reader->has("traffic")) {
    JsonReader traffic = reader->object("traffic");
    status.traffic = readTraffic(traffic);
    if (const Status read = traffic.status(); !read) reader->refuse("traffic", read.error().text);
  }
  if (reader->has("lately")) status.lately = readList<Event>(*reader, "lately", readEvent);
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

Result<Listing> listingFromJson(std::string_view json) {
  Result<JsonReader> reader = JsonReader::parse(json, kListingBytes);
  if (!reader) return reader.error();
  Listing listing;
  listing.keys = readList<ListedKey>(*reader, "keys", readListed);
  listing.prefixes = readList<Key>(*reader, "prefixes", readPrefix);
  if (reader->has("next")) listing.next = readEncoded(*reader, "next");
  return finished(*reader, std::move(listing));
}

std::string toJson(const RingAction& action) {
  JsonWriter writer;
  writer.beginObject().text("action", action.action).beginList("nodes");
  for (const std::string& node : action.nodes) writer.element(node);
  writer.endList();
  if (action.mayBeLost > 0) writer.number("mayBeLost", action.mayBeLost);
  if (action.forecast) writeForecast(writer, *action.forecast);
  writer.endObject();
  return writer.take();
}

Result<RingAction> ringActionFromJson(std::string_view json) {
  auto reader = JsonReader::parse(json);
  if (!reader) return reader.error();
  RingAction action;
  action.action = reader->text("action");
  action.nodes = reader->texts("nodes");
  if (reader->has("mayBeLost")) action.mayBeLost = reader->number("mayBeLost");
  action.forecast = readForecast(*reader);
  if (Status sound = reader->status(); !sound) return sound.error();
  return action;
}

}  // namespace mydht::protocol
