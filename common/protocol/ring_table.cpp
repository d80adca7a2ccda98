#include "common/protocol/ring_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "common/protocol/json.h"

namespace mydht::protocol {

void RingTable::append(NodeId firstHome) {
  if (!runs.empty() && nodes[runs.back().node] == firstHome) {
    ++runs.back().partitions;
    return;
  }
  const auto place = std::find(nodes.begin(), nodes.end(), firstHome);
  runs.push_back({static_cast<std::size_t>(place - nodes.begin()), 1});
  if (place == nodes.end()) nodes.push_back(firstHome);
}

std::string toJson(const RingTable& table) {
  std::string runs;
  for (const HomeRun& run : table.runs) {
    fmt::format_to(std::back_inserter(runs), "{}{}*{}", runs.empty() ? "" : " ", run.node, run.partitions);
  }
  JsonWriter writer;
  writer.beginObject().identity("fingerprint", table.fingerprint).number("height", table.height);
  writer.number("copies", table.copies).beginList("nodes");
  for (const NodeId node : table.nodes) writer.element(fmt::format("{:016x}", node));
  writer.endList().text("runs", runs);
  return writer.endObject().take();
}

}  // namespace mydht::protocol
