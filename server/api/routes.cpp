#include "server/api/routes.h"

#include <string>

#include "common/protocol/paths.h"
#include "server/api/actions.h"
#include "server/api/events.h"
#include "server/api/keys.h"
#include "server/api/member_changes.h"
#include "server/api/metrics.h"
#include "server/api/page.h"
#include "server/api/questions.h"
#include "server/api/refusals.h"
#include "server/api/ring_table.h"
#include "server/api/values.h"

namespace mydht::api {
namespace {

using http::Caller;
using http::Method;
using http::Route;

/// All paths that no other row names are keys.
constexpr std::string_view kKeys = "/*";

/// A node that took another's place by mistake knows nothing of the values that people look for here.
Task<http::Response> refuseStranger(const Context& context) {
  co_return refuseWrite({Kind::NotDone, context.node.status().trouble});
}

using Endpoint = Task<http::Response> (*)(const Context&, http::Request&);

}  // namespace

std::vector<Route> routesOf(const Context& context) {
  std::vector<Route> rows;
  const auto row = [&](Method method, std::string_view path, Caller caller, Endpoint endpoint, std::string help) {
    const auto answer = [&context, endpoint](http::Request& request) { return endpoint(context, request); };
    rows.push_back({method, std::string(path), caller, answer, std::move(help)});
  };
  const auto valueRow = [&](Method method, std::string_view path, Caller caller, Endpoint endpoint, std::string help) {
    const auto answer = [&context, endpoint](http::Request& request) {
      return context.node.addressTaken() ? refuseStranger(context) : endpoint(context, request);
    };
    rows.push_back({method, std::string(path), caller, answer, std::move(help), true});
  };
  using namespace protocol;
  row(Method::Get, kHomePath, Caller::Reader, getPage, "the status page");
  row(Method::Put, kHomePath, Caller::Writer, putValue, "refused: a key has at least one byte");
  row(Method::Delete, kHomePath, Caller::Writer, deleteValue, "refused: a key has at least one byte");
  valueRow(Method::Get, kKeys, Caller::Reader, getValue, "the value of the key that the path spells, percent-encoded");
  valueRow(Method::Put, kKeys, Caller::Writer, putValue, "stores the body: 201 new, 204 replaced");
  valueRow(Method::Delete, kKeys, Caller::Writer, deleteValue, "deletes the value: 204, or 404 if there was none");
  valueRow(Method::Get, kValuePath, Caller::Reader, getValue, "the value of ?key=, for keys that no path can spell");
  valueRow(Method::Put, kValuePath, Caller::Writer, putValue, "stores the body under ?key=");
  valueRow(Method::Delete, kValuePath, Caller::Writer, deleteValue, "deletes the value of ?key=");
  row(Method::Get, kStatusPath, Caller::Reader, getStatus, "this node and its ring, as JSON");
  row(Method::Get, kRingPath, Caller::Reader, getRing, "the same without keys");
  row(Method::Get, kRingTablePath, Caller::Reader, getRingTable, "who is the first home node of which partition");
  row(Method::Get, kEventsPath, Caller::Reader, getEvents, "the same as server-sent events, without end");
  row(Method::Get, kIconPath, Caller::Reader, getIcon, "the page's icon: the key favicon.ico if there is one");
  row(Method::Get, kWhereIsPath, Caller::Reader, getWhereIs, "the home nodes of ?key=, as JSON");
  valueRow(Method::Get, kHasKeyPath, Caller::Reader, getHasKey, "whether ?key= has a value, and which, as JSON");
  valueRow(Method::Get, kKeysPath, Caller::Reader, getKeys, "keys in order, a page at a time, as JSON");
  row(Method::Get, kHealthPath, Caller::Anybody, getHealth, "200 while this node serves as it should");
  row(Method::Get, kMetricsPath, Caller::Reader, getMetrics, "counters and gauges in the text format of Prometheus");
  row(Method::Post, kBalancePath, Caller::Ring, postBalance, "makes home nodes equal, all around the ring");
  row(Method::Post, kPurgePath, Caller::Ring, postPurge, "lets a node forget what belongs elsewhere");
  row(Method::Get, kActionsPath, Caller::Reader, getAction, "how the action of ?run= goes, as JSON");
  row(Method::Post, kLeavePath, Caller::Ring, postLeave, "the node at ?node=, or this one, hands over and leaves");
  row(Method::Post, kRemovePath, Caller::Ring, postRemove, "gives the place of the dead nodes at ?node= to others");
  row(Method::Post, kReplicasPath, Caller::Ring, postReplicas, "keeps ?count= copies of everything from now on");
  row(Method::Post, kJoinPath, Caller::Ring, postJoin, "what would move if a node of ?weight= and ?zone= joined");
  rows.push_back({Method::Post, std::string(kPeerPath), Caller::Node, context.peer, "messages between nodes"});
  return rows;
}

}  // namespace mydht::api
