#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/head.h"
#include "common/protocol/problem.h"
#include "server/access/replays.h"
#include "server/access/secret.h"
#include "server/ports/clock.h"

namespace mydht::access {

/// What a request wants.
enum class Action {
  Read,   ///< values, or what is known of them
  Write,  ///< to change values
  Ring,   ///< to change the ring: remove, leave, balance, purge
  Peer,   ///< what nodes say to one another, joins among it
};

/// What the options say. A plain value.
struct Settings {
  bool anonymousRead = true;              ///< with a secret: others may read without it
  bool anonymousWrite = false;            ///< with a secret: others may write without it
  std::string announcedHost;              ///< the name that others use for this node, with or without a port
  std::vector<std::string> allowedHosts;  ///< further names, with or without a port
};

/// Why a request may not go on, and the value of WWW-Authenticate if it may come again with a signature.
struct Refusal {
  protocol::Problem problem;
  std::string challenge;
};

/// Who may do what: the table of DESIGN.md. Without a secret a node is in protected mode: whoever is not on this
/// machine reads and does nothing else. With one, others are let in as the options say, and the ring is changed by
/// those alone who know it. A request that came through a proxy is from another machine. What changes anything needs a
/// Host that is ours and no foreign Origin, with or without a secret: a browser on this machine carries out strangers'
/// wishes. Owned by node, borrows secret and clock; any thread.
class AccessPolicy {
 public:
  AccessPolicy(const Settings& settings, const Secret& secret, const Clock& clock);

  /// Nothing if the request may go on. `fromLoopback`: its connection comes from this machine. A signature counts once:
  /// the same one again is refused.
  std::optional<Refusal> refuse(const http::RequestHead& head, bool fromLoopback, Action action);

 private:
  std::optional<Refusal> refuseStranger(const http::RequestHead& head, bool here, Action action);
  std::optional<Refusal> refuseBrowser(const http::RequestHead& head) const;
  std::optional<std::string> unproven(const std::string& secret, const http::RequestHead& head, Action action);
  bool ours(std::string_view host) const;

  const bool anonymousRead_;
  const bool anonymousWrite_;
  std::vector<std::string> names_;  ///< of this node, without ports
  const Secret& secret_;
  const Clock& clock_;
  Replays replays_;
};

}  // namespace mydht::access
