#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result/result.h"

/// The JSON of an action on the ring: how it goes, written by the server and read by the client.
namespace mydht::protocol {

/// One node that an action visits.
struct ActionVisit {
  std::string node;     ///< host:port
  std::string state;    ///< waiting, running, over
  std::string problem;  ///< what could not be done there, and why; empty: nothing

  bool operator==(const ActionVisit&) const = default;
};

/// An action and how it goes. A plain value.
struct ActionStatus {
  std::uint64_t run = 0;  ///< its number
  std::string action;     ///< balance, purge, count-purge
  bool over = false;
  std::vector<ActionVisit> nodes;  ///< in the order in which they are visited
  std::uint64_t taken = 0;         ///< entries that a balance has fetched
  std::uint64_t sent = 0;          ///< entries given to their home nodes
  std::uint64_t dropped = 0;       ///< entries purged, or that would be
  std::uint64_t droppedBytes = 0;  ///< of their values
  std::uint64_t kept = 0;          ///< entries that do not belong there, and too few home nodes hold
  std::uint64_t keptBytes = 0;

  bool operator==(const ActionStatus&) const = default;
};

std::string toJson(const ActionStatus& status);
Result<ActionStatus> actionStatusFromJson(std::string_view json);

}  // namespace mydht::protocol
