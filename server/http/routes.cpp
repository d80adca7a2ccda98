#include "server/http/routes.h"

#include <algorithm>
#include <utility>

#include "common/protocol/names.h"
#include "common/result/check.h"

namespace mydht::http {
namespace {

/// An answer that is known without waiting.
Task<Response> now(Response response) {
  co_return response;
}

Response notAllowed(Method method, const std::string& allow) {
  Response response = method == Method::Options ? respondEmpty(204)
                                                : respondProblem(405, "this path knows no such method, but " + allow);
  response.header("Allow", allow);
  return response;
}

/// To a request for which its loop has no place. Nothing of it was begun.
Response tooBusy(Method method) {
  const bool reads = method == Method::Get || method == Method::Head;
  Response response = respondError({reads ? Kind::Unavailable : Kind::NotDone,
                                    "this node has too much to do; try again in a moment, or ask another one"});
  response.header("Retry-After", "1");
  if (!reads) response.header(protocol::kOutcomeHeader, kindName(Kind::NotDone));
  return response;
}

/// Whether a row with that method answers a request with this one.
bool answers(Method row, Method asked) {
  return row == asked || (row == Method::Get && asked == Method::Head);
}

}  // namespace

Router::Router(std::vector<Route> routes, Guard& guard) : routes_(std::move(routes)), guard_(guard) {
  for (const Route& route : routes_) {
    const std::string_view path = route.path;
    const bool beginning = path.ends_with('*');
    add(beginning ? beginnings_ : exact_, path.substr(0, path.size() - (beginning ? 1 : 0)), route);
  }
  const auto longer = [](const Place& a, const Place& b) { return a.path.size() > b.path.size(); };
  std::stable_sort(beginnings_.begin(), beginnings_.end(), longer);
}

Task<Response> Router::handle(Request& request) {
  const Place* const place = find(request.path());
  if (place == nullptr) return now(respondProblem(404, "there is nothing at this path"));
  for (const Route* const row : place->rows) {
    if (!answers(row->method, request.method())) continue;
    auto refusal = guard_.refuse(request, row->caller);
    if (refusal) return now(std::move(*refusal));
    if (row->bounded && !request.admit()) return now(tooBusy(request.method()));
    return row->answer(request);
  }
  return now(notAllowed(request.method(), place->allow));
}

const Router::Place* Router::find(std::string_view path) const {
  for (const Place& place : exact_) {
    if (place.path == path) return &place;
  }
  for (const Place& place : beginnings_) {
    if (path.starts_with(place.path)) return &place;
  }
  return nullptr;
}

void Router::add(std::vector<Place>& places, std::string_view path, const Route& route) {
  auto place = std::find_if(places.begin(), places.end(), [path](const Place& known) { return known.path == path; });
  if (place == places.end()) place = places.insert(place, Place{std::string(path), {}, "OPTIONS"});
  for (const Route* const other : place->rows) MYDHT_ASSERT(other->method != route.method);
  place->rows.push_back(&route);
  place->allow = std::string(methodText(route.method)) + ", " + place->allow;
  if (route.method == Method::Get) place->allow = "HEAD, " + place->allow;
}

}  // namespace mydht::http
