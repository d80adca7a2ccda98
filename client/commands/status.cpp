#include <fmt/core.h>

#include <string>
#include <vector>

#include "client/commands/commands.h"
#include "client/commands/health.h"
#include "client/commands/upkeep.h"
#include "client/nodes.h"
#include "client/one_line.h"
#include "client/options.h"
#include "client/output.h"
#include "client/progress_line.h"
#include "client/text_table.h"
#include "common/http/date.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"

namespace mydht::client::commands {

namespace {

using protocol::NodeStatus;
using protocol::RingStatus;

std::string lastCallOf(const NodeStatus& member, const RingStatus& ring) {
  if (member.id == ring.self) return "itself";
  if (member.liveness == protocol::Liveness::Down) return "down";
  if (member.liveness == protocol::Liveness::Suspect) return "suspect";
  if (!member.lastCallOk) return "";
  return *member.lastCallOk ? "ok" : "failed";
}

std::string numberText(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "";
}

std::string weightOf(const NodeStatus& member) {
  constexpr std::uint32_t kUsual = 100;
  if (member.weightHundredths == kUsual) return "";
  return fmt::format("{}.{:02}", member.weightHundredths / 100, member.weightHundredths % 100);
}

/// How far its clock is from that of the node asked.
std::string clockOf(const NodeStatus& member) {
  if (!member.clockOffsetMicros) return "";
  return fmt::format("{:+.3f} s", static_cast<double>(*member.clockOffsetMicros) / 1'000'000);
}

/// What is not as it should be, or not as at the other nodes.
std::string remarksOn(const NodeStatus& member, const RingStatus& ring) {
  std::string remarks;
  const auto add = [&](const std::string& remark) { remarks += (remarks.empty() ? "" : "; ") + remark; };
  if (member.move) {
    add(fmt::format("filling: {} of {} partitions, {} at {}/s, {} left", member.move->done, member.move->partitions,
                    sizeText(member.move->bytes), sizeText(member.move->bytesPerSecond),
                    durationText(static_cast<double>(member.move->secondsLeft))));
  } else if (member.toFill.value_or(0) > 0) {
    add(fmt::format("{} partitions to fill", *member.toFill));
  }
  if (member.hintsInAll > 0) add(fmt::format("missed {} writes, which are kept for it", member.hintsInAll));
  if (!member.tombstonesWait.empty()) {
    add("deleted keys are kept for it: " + oneLine(member.tombstonesWait));
  } else if (member.tombstonesWaitAt > 0) {
    add(fmt::format("deleted keys are kept for it at {} other nodes", member.tombstonesWaitAt));
  }
  if (member.clockOff) add("its clock is off");
  if (member.fingerprint && *member.fingerprint != ring.fingerprint) {
    add(fmt::format("another table: {:016x}", *member.fingerprint));
  }
  if (!member.version.empty() && member.version != ring.programVersion) add("MyDHT " + oneLine(member.version));
  if (!member.disk.empty()) add("disk " + oneLine(member.disk));
  if (member.lastCallOk == false && !member.lastError.empty()) add(oneLine(member.lastError));
  return remarks;
}

/// The disk of the node asked, and what the scrub has found on it.
std::string diskLine(const protocol::DiskStatus& disk) {
  std::string text = fmt::format("disk: {} free of {}", sizeText(disk.freeBytes), sizeText(disk.totalBytes));
  if (disk.state == "full") text = "disk: FULL, puts are refused, gets and deletes go on";
  if (disk.state == "ok" && disk.reserveBytes > 0) {
    text += fmt::format(" beside a reserve of {}", sizeText(disk.reserveBytes));
  }
  if (disk.state == "failed") text = "disk: FAILED, nothing is stored until the node is started again";
  if (disk.damaged > 0) {
    text += fmt::format("; {} damaged, {} repaired, {} waiting", disk.damaged, disk.repaired, disk.waiting);
  }
  const auto ended = disk.scrubbedMicros / 1'000'000;
  if (ended > 0) text += fmt::format("; scrub of {}: {} findings", http::HttpDate(ended).text(), disk.findings);
  if (disk.damagedTables > 0) text += fmt::format("; {} TABLES OF THE DATABASE DAMAGED", disk.damagedTables);
  if (disk.scrubbing) text += "; a scrub is under way";
  return text + "\n";
}

std::string heading(const RingStatus& ring) {
  std::string text =
      fmt::format("ring {:016x}, version {}, {} replicas, table {:016x}{}\n", ring.ringIdentity, ring.height,
                  ring.replicas, ring.fingerprint, ring.activeVersions > 1 ? ", changing" : "");
  text += fmt::format("asked {}, MyDHT {}: {} keys, {}\n", oneLine(ring.selfName), oneLine(ring.programVersion),
                      ring.keys, sizeText(ring.bytes));
  if (ring.tombstones > 0) text += fmt::format("it still remembers {} deleted keys\n", ring.tombstones);
  if (ring.toFill > 0) text += fmt::format("it has {} partitions to fill\n", ring.toFill);
  if (ring.disk) text += diskLine(*ring.disk);
  text += healthOf(ring).line + "\n";
  return text + "\n";
}

std::string memberTable(const RingStatus& ring) {
  TextColumn node{.heading = "NODE"};
  TextColumn state{.heading = "STATE"};
  TextColumn lastCall{.heading = "LAST CALL"};
  TextColumn keys{.heading = "KEYS", .toTheRight = true};
  TextColumn size{.heading = "SIZE", .toTheRight = true};
  TextColumn uptime{.heading = "UPTIME", .toTheRight = true};
  TextColumn clock{.heading = "CLOCK", .toTheRight = true};
  TextColumn weight{.heading = "WEIGHT", .toTheRight = true};
  TextColumn zone{.heading = "ZONE"};
  TextColumn remarks{.heading = "REMARKS"};
  for (const NodeStatus& member : ring.members) {
    node.cells.push_back(nameOf(member));
    state.cells.emplace_back(protocol::memberStateText(member.state));
    lastCall.cells.push_back(lastCallOf(member, ring));
    keys.cells.push_back(numberText(member.keys));
    size.cells.push_back(member.bytes ? sizeText(*member.bytes) : "");
    uptime.cells.push_back(member.uptimeSeconds ? durationText(static_cast<double>(*member.uptimeSeconds)) : "");
    clock.cells.push_back(clockOf(member));
    weight.cells.push_back(weightOf(member));
    zone.cells.push_back(oneLine(member.zone));
    remarks.cells.push_back(remarksOn(member, ring));
  }
  return tableText({node, state, lastCall, keys, size, uptime, clock, weight, zone, remarks});
}

}  // namespace

Status status(const Options& options, Nodes& nodes) {
  Request request;
  request.target = protocol::kStatusPath;
  const auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  const auto ring = protocol::ringStatusFromJson(answer->body);
  if (!ring) return ring.error().within("the node's answer");
  // As the node said it: it may be newer and tell more.
  const Status printed =
      printLine(options.json ? oneLine(answer->body)
                             : heading(*ring) + memberTable(*ring) + upkeepText(*ring) + latelyText(*ring));
  if (!printed) return printed;
  const Health health = healthOf(*ring);
  return health.well ? Status() : Error{Kind::Unavailable, "not all is well: " + health.line};
}

}  // namespace mydht::client::commands
