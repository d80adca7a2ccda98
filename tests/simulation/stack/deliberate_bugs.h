#pragma once

#include <gtest/gtest.h>

#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {

/// Runs a script without the deliberate bug, when every promise must hold, and with it, when a checker must find it.
inline void withAndWithout(bool cluster::DeliberateBugs::*bug, void (*script)(Scenario&)) {
  for (const bool withBug : {false, true}) {
    SCOPED_TRACE(withBug ? "with the bug" : "without the bug");
    Scenario scenario(withBug);
    if (bug != nullptr) scenario.ring.settings.bugs.*bug = withBug;
    script(scenario);
    const auto broken = scenario.broken();
    if (withBug) {
      EXPECT_FALSE(broken.empty()) << "nobody has noticed the bug";
    } else {
      EXPECT_TRUE(broken.empty()) << testing::PrintToString(broken);
    }
    for (const std::string& what : broken) scenario.ring.trace.line("found: " + what);
    EXPECT_TRUE(scenario.stuck().empty()) << testing::PrintToString(scenario.stuck());
  }
}

}  // namespace mydht::simulation
