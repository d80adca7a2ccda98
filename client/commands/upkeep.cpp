#include "client/commands/upkeep.h"

#include <fmt/core.h>

#include "client/commands/health.h"
#include "client/one_line.h"
#include "client/progress_line.h"
#include "client/text_table.h"
#include "common/http/date.h"

namespace mydht::client::commands {
namespace {

using protocol::NodeStatus;

constexpr std::size_t kShownEvents = 10;

bool saysNothing(const NodeStatus& member) {
  return !member.agreement && !member.diskUse && !member.tombstones;
}

std::string dateText(std::int64_t micros) {
  return std::string(http::HttpDate(http::secondsOfMicros(micros)).text());
}

}  // namespace

std::string upkeepText(const protocol::RingStatus& ring) {
  TextColumn node{.heading = "NODE"};
  TextColumn copies{.heading = "COPIES"};
  TextColumn deleted{.heading = "DELETED", .toTheRight = true};
  TextColumn free{.heading = "DISK FREE", .toTheRight = true};
  TextColumn total{.heading = "OF", .toTheRight = true};
  TextColumn reserve{.heading = "RESERVE", .toTheRight = true};
  TextColumn scrubbed{.heading = "LAST SCRUB"};
  TextColumn findings{.heading = "FINDINGS", .toTheRight = true};
  TextColumn damaged{.heading = "DAMAGED", .toTheRight = true};
  for (const NodeStatus& member : ring.members) {
    if (saysNothing(member)) continue;
    const protocol::DiskUse use = member.diskUse.value_or(protocol::DiskUse());
    const bool known = member.diskUse.has_value();
    const bool wasScrubbed = use.scrubbedMicros > 0;
    node.cells.push_back(nameOf(member));
    copies.cells.push_back(copiesText(member));
    deleted.cells.push_back(member.tombstones ? std::to_string(*member.tombstones) : "");
    free.cells.push_back(known ? sizeText(use.freeBytes) : "");
    total.cells.push_back(known ? sizeText(use.totalBytes) : "");
    reserve.cells.push_back(known ? sizeText(use.reserveBytes) : "");
    scrubbed.cells.push_back(wasScrubbed ? dateText(use.scrubbedMicros) : "");
    findings.cells.push_back(wasScrubbed ? std::to_string(use.findings) : "");
    damaged.cells.push_back(use.waiting > 0 ? std::to_string(use.waiting) : "");
  }
  if (node.cells.empty()) return {};
  return "\n\n" + tableText({node, copies, deleted, free, total, reserve, scrubbed, findings, damaged});
}

std::string latelyText(const protocol::RingStatus& ring) {
  if (ring.lately.empty()) return {};
  std::string text = "\n\nlately, as this node saw it:";
  const std::size_t begin = ring.lately.size() > kShownEvents ? ring.lately.size() - kShownEvents : 0;
  for (std::size_t i = begin; i < ring.lately.size(); ++i) {
    const protocol::Event& event = ring.lately[i];
    text += fmt::format("\n{}  {} {} {}", dateText(event.atMicros), oneLine(event.severity), oneLine(event.event),
                        oneLine(event.fields));
  }
  return text;
}

}  // namespace mydht::client::commands
