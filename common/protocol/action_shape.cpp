#include "common/protocol/action_shape.h"

#include "common/protocol/json.h"

namespace mydht::protocol {

std::string toJson(const ActionStatus& status) {
  JsonWriter writer;
  writer.beginObject().text("action", status.action).identity("run", status.run).flag("over", status.over);
  writer.beginList("nodes");
  for (const ActionVisit& visit : status.nodes) {
    writer.beginObject().text("node", visit.node).text("state", visit.state);
    if (!visit.problem.empty()) writer.text("problem", visit.problem);
    writer.endObject();
  }
  writer.endList().number("taken", status.taken).number("sent", status.sent);
  writer.number("dropped", status.dropped).number("droppedBytes", status.droppedBytes);
  return writer.number("kept", status.kept).number("keptBytes", status.keptBytes).endObject().take();
}

Result<ActionStatus> actionStatusFromJson(std::string_view json) {
  Result<JsonReader> reader = JsonReader::parse(json);
  if (!reader) return reader.error();
  ActionStatus status;
  status.action = reader->text("action");
  status.run = reader->identity("run");
  status.over = reader->flag("over");
  for (JsonReader& node : reader->objects("nodes")) {
    ActionVisit visit{node.text("node"), node.text("state"), {}};
    if (node.has("problem")) visit.problem = node.text("problem");
    if (const Status read = node.status(); !read) reader->refuse("nodes", read.error().text);
    status.nodes.push_back(std::move(visit));
  }
  status.taken = reader->number("taken");
  status.sent = reader->number("sent");
  status.dropped = reader->number("dropped");
  status.droppedBytes = reader->number("droppedBytes");
  status.kept = reader->number("kept");
  status.keptBytes = reader->number("keptBytes");
  if (const Status read = reader->status(); !read) return read.error();
  return status;
}

}  // namespace mydht::protocol
