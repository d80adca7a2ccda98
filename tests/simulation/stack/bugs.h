#pragma once

#include <span>
#include <string_view>

#include "server/cluster/settings.h"

namespace mydht::simulation {

/// One way in which the protocol can be got wrong, so that the checkers are seen to catch it.
struct BugRow {
  bool cluster::DeliberateBugs::*flag;
  std::string_view name;
  std::string_view what;  ///< the rule, and what is done instead
};

/// All of them. What each means is said at cluster::DeliberateBugs; each has a directed scenario that always finds it.
std::span<const BugRow> allBugs();
/// Null: there is none of that name.
const BugRow* bugNamed(std::string_view name);

}  // namespace mydht::simulation
