#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "client/commands/commands.h"
#include "client/nodes.h"
#include "client/one_line.h"
#include "client/options.h"
#include "client/output.h"
#include "common/protocol/paths.h"
#include "common/protocol/shapes.h"

namespace mydht::client::commands {

namespace {

std::string nameOf(const protocol::NodeStatus& member) {
  return member.name.empty() ? fmt::format("({:016x})", member.id) : oneLine(member.name);
}

std::string_view lastCallOf(const protocol::NodeStatus& member, const protocol::RingStatus& ring) {
  if (member.id == ring.self) return "itself";
  if (!member.lastCallOk) return "-";
  return *member.lastCallOk ? "ok" : "failed";
}

std::string heading(const protocol::RingStatus& ring) {
  std::string text =
      fmt::format("ring {:016x}, version {}, {} replicas, table {:016x}{}\n", ring.ringIdentity, ring.height,
                  ring.replicas, ring.fingerprint, ring.activeVersions > 1 ? ", changing" : "");
  text += fmt::format("asked {}, MyDHT {}: {} keys, {} bytes\n\n", oneLine(ring.selfName), oneLine(ring.programVersion),
                      ring.keys, ring.bytes);
  return text;
}

/// A row for each member, as wide as the longest name.
std::string memberTable(const protocol::RingStatus& ring) {
  std::size_t width = 4;
  for (const protocol::NodeStatus& member : ring.members) width = std::max(width, nameOf(member).size());
  std::string text = fmt::format("{:<{}}  {:<8}  {:<9}  {:>7}  ZONE", "NODE", width, "STATE", "LAST CALL", "WEIGHT");
  for (const protocol::NodeStatus& member : ring.members) {
    const unsigned hundredths = member.weightHundredths;
    text += fmt::format("\n{:<{}}  {:<8}  {:<9}  {:>4}.{:02}  {}", nameOf(member), width,
                        protocol::memberStateText(member.state), lastCallOf(member, ring), hundredths / 100,
                        hundredths % 100, member.zone.empty() ? "-" : oneLine(member.zone));
  }
  return text;
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
  if (options.json) return printLine(oneLine(answer->body));
  return printLine(heading(*ring) + memberTable(*ring));
}

}  // namespace mydht::client::commands
