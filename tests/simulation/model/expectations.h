#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "tests/simulation/model/script.h"

namespace mydht::model {

/// Runs one order of events twice: with the rule left out a checker must notice, with it all must be well. The checker
/// that notices is named too, so that a scenario can't be right for the wrong reason.
inline void expectNoticedOnlyWith(Bug bug, std::string_view checker, unsigned nodes, const std::vector<NodeId>& homes,
                                  void (*events)(Script&)) {
  Script without(bug, nodes, homes);
  events(without);
  EXPECT_EQ(without.verdict().substr(0, checker.size()), checker) << "the rule left out: " << without.verdict();
  Script with(Bug::None, nodes, homes);
  events(with);
  EXPECT_EQ(with.verdict(), "") << "the rule kept";
}

}  // namespace mydht::model
