#include "tests/simulation/model/coverage.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace mydht::model {

void print(const Coverage& coverage) {
  struct Row {
    std::string_view name;
    std::uint64_t count;
  };
  const std::array rows{
      Row{"runs", coverage.runs},
      Row{"steps", coverage.steps},
      Row{"writes acknowledged", coverage.writes},
      Row{"reads answered", coverage.reads},
      Row{"reads with two active versions", coverage.readsWithTwoVersions},
      Row{"reads with three active versions", coverage.readsWithThreeVersions},
      Row{"operations given up", coverage.unfinished},
      Row{"refusals of older views", coverage.refusals},
      Row{"refusals below closed", coverage.refusedByClosed},
      Row{"refusals of the future", coverage.refusedByFuture},
      Row{"copies refused below settled", coverage.refusedBySettled},
      Row{"second rounds", coverage.secondRounds},
      Row{"write-backs", coverage.writeBacks},
      Row{"versions agreed", coverage.versionsAgreed},
      Row{"versions completed", coverage.versionsCompleted},
      Row{"fills", coverage.fills},
      Row{"fills for one vote", coverage.fillsForOneVote},
      Row{"settled raised", coverage.settledRaised},
      Row{"settled heard of another home node", coverage.settledTold},
      Row{"tombstones reaped", coverage.reaped},
      Row{"entries purged", coverage.purged},
      Row{"processes stopped", coverage.crashes},
      Row{"disks lost or restored", coverage.disksLost},
      Row{"exhaustive history checks", coverage.exhaustiveChecks},
  };
  for (const Row& row : rows) fmt::print("  {:<34}{:>12}\n", row.name, row.count);
}

}  // namespace mydht::model
