// Proves that neighbouring partitions with the same first home node become one run, and how the table is printed.
#include "common/protocol/ring_table.h"

#include <gtest/gtest.h>

namespace mydht::protocol {
namespace {

TEST(RingTable, JoinsNeighboursIntoRuns) {
  RingTable table;
  for (const NodeId home : {NodeId{7}, NodeId{7}, NodeId{9}, NodeId{7}}) table.append(home);
  EXPECT_EQ(table.nodes, (std::vector<NodeId>{7, 9}));
  EXPECT_EQ(table.runs, (std::vector<HomeRun>{{0, 2}, {1, 1}, {0, 1}}));
}

TEST(RingTable, IsPrintedWithItsRunsAsOneText) {
  RingTable table;
  table.fingerprint = 255;
  table.height = 3;
  table.copies = 2;
  for (const NodeId home : {NodeId{7}, NodeId{7}, NodeId{9}}) table.append(home);
  EXPECT_EQ(toJson(table), R"({"fingerprint":"00000000000000ff","height":3,"copies":2,)"
                           R"("nodes":["0000000000000007","0000000000000009"],"runs":"0*2 1*1"})");
}

}  // namespace
}  // namespace mydht::protocol
