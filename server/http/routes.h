#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/message.h"

namespace mydht::http {

/// Who may call a route, as DESIGN.md's table "Who may do what" has it.
enum class Caller {
  Anybody,  ///< no secret is ever needed: health, the page itself
  Reader,   ///< reads values or what is known of them
  Writer,   ///< changes values
  Ring,     ///< changes the ring
  Node,     ///< another node of the ring, which signs its messages
};

/// One row: who answers which method at which path. A plain value; the rows stand in server/api.
struct Route {
  Method method;  ///< Get answers HEAD as well
  /// Exact, compared as it was sent, percent-encoded; or, ending in '*', the beginning of all paths that no other row
  /// names. Of several beginnings the longest counts.
  std::string path;
  Caller caller;
  std::function<Task<Response>(Request&)> answer;
  std::string help;      ///< one line for people
  bool bounded = false;  ///< refused while its loop has too much to do; else it is little work, or a node's
};

/// Says who may call what: server/api implements it with server/access.
class Guard {
 public:
  /// Nothing if this request may go on; else the refusal, which says what to do about it. Any loop.
  virtual std::optional<Response> refuse(const Request& request, Caller caller) = 0;

 protected:
  ~Guard() = default;
};

/// The rows as a handler. Answers what no row does: 404 for an unknown path, 405 with Allow for another method, 204
/// with Allow for OPTIONS. Owned by api or node; borrows the guard; immutable, any loop.
class Router final : public Handler {
 public:
  /// Asserts that no two rows name the same method and path.
  Router(std::vector<Route> routes, Guard& guard);

  Task<Response> handle(Request& request) override;
  /// The rows, for documentation and its test.
  const std::vector<Route>& routes() const { return routes_; }

 private:
  /// All rows of one path.
  struct Place {
    std::string path;  ///< without the '*'
    std::vector<const Route*> rows;
    std::string allow;  ///< the value of Allow
  };

  const Place* find(std::string_view path) const;
  void add(std::vector<Place>& places, std::string_view path, const Route& route);

  const std::vector<Route> routes_;
  std::vector<Place> exact_;
  std::vector<Place> beginnings_;  ///< the longest first
  Guard& guard_;
};

}  // namespace mydht::http
