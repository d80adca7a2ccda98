// Proves that each deliberate bug has a directed scenario in which it is switched on, and seen. How: once all scenarios
// have run it is looked up which bugs they had.
#include <gtest/gtest.h>

#include "tests/simulation/stack/deliberate_bugs.h"

namespace mydht::simulation {
namespace {

class EveryBug : public testing::Environment {
 public:
  void TearDown() override {
    if (GTEST_FLAG_GET(filter) != "*") return;
    for (const BugRow& bug : allBugs()) {
      EXPECT_TRUE(triedBugs().contains(bug.name)) << "no scenario has the deliberate bug " << bug.name;
    }
  }
};

const testing::Environment* const kEveryBug = testing::AddGlobalTestEnvironment(new EveryBug);

}  // namespace
}  // namespace mydht::simulation
