// Proves the arithmetic of quorums: the sizes that PROTOCOL names, and that any two quorums of the same nodes meet.

#include "common/ring/quorum.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace mydht;
using namespace mydht::ring;

TEST(Quorum, IsOneOfOneTwoOfTwoTwoOfThreeThreeOfFourThreeOfFive) {
  EXPECT_EQ(quorumOf(1), 1u);
  EXPECT_EQ(quorumOf(2), 2u);
  EXPECT_EQ(quorumOf(3), 2u);
  EXPECT_EQ(quorumOf(4), 3u);
  EXPECT_EQ(quorumOf(5), 3u);
}

TEST(Quorum, AnyTwoOfTheSameNodesShareANode) {
  for (unsigned count = 1; count <= 6; ++count) {
    std::vector<NodeId> nodes;
    for (unsigned i = 0; i < count; ++i) nodes.push_back(i);
    for (unsigned a = 0; a < (1u << count); ++a) {
      for (unsigned b = 0; b < (1u << count); ++b) {
        const bool both = hasQuorum(nodes, [&](NodeId node) { return (a >> node & 1) != 0; }) &&
                          hasQuorum(nodes, [&](NodeId node) { return (b >> node & 1) != 0; });
        if (both) EXPECT_NE(a & b, 0u) << count << " nodes, " << a << " and " << b;
      }
    }
  }
}

TEST(Quorum, NodesThatAreNoHomesNeverCount) {
  const std::vector<NodeId> homes{1, 2, 3};
  EXPECT_FALSE(hasQuorum(homes, [](NodeId node) { return node == 1 || node > 3; }));
  EXPECT_TRUE(hasQuorum(homes, [](NodeId node) { return node != 2; }));
}

}  // namespace
