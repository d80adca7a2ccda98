#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "tests/simulation/stack/bugs.h"
#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {

/// What the script itself has found with mustBe(), where no checker of the simulation can see it.
constexpr std::string_view kTheScript = "script";

/// The bugs that a scenario has switched on so far; at the end it must have been each of them.
inline std::set<std::string_view>& triedBugs() {
  static std::set<std::string_view> names;
  return names;
}

/// Runs a script without the deliberate bug, when every promise must hold, and with it, when the checker that is named
/// ("C3") must find it, so that no scenario is right for the wrong reason.
inline void withAndWithout(bool cluster::DeliberateBugs::*bug, std::string_view checker, void (*script)(Scenario&)) {
  for (const BugRow& row : allBugs()) {
    if (row.flag == bug) triedBugs().insert(row.name);
  }
  for (const bool withBug : {false, true}) {
    SCOPED_TRACE(withBug ? "with the bug" : "without the bug");
    Scenario scenario(withBug);
    if (bug != nullptr) scenario.ring.settings.bugs.*bug = withBug;
    script(scenario);
    const auto broken = scenario.broken();
    if (withBug) {
      const auto isExpected = [&](const std::string& what) { return what.starts_with(checker); };
      EXPECT_TRUE(std::ranges::any_of(broken, isExpected))
          << checker << " has not noticed the bug: " << testing::PrintToString(broken);
    } else {
      EXPECT_TRUE(broken.empty()) << testing::PrintToString(broken);
    }
    for (const std::string& what : broken) scenario.ring.trace.line("found: " + what);
    EXPECT_TRUE(scenario.stuck().empty()) << testing::PrintToString(scenario.stuck());
  }
}

}  // namespace mydht::simulation
