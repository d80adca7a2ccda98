// Proves that every way to name nodes is read as the user means it, IPv6 in brackets among them, and that what is none
// is refused, so that nothing strange gets into a request's Host.

#include "client/node_address.h"

#include <gtest/gtest.h>

namespace mydht::client {
namespace {

std::vector<NodeAddress> read(std::string_view text) {
  const auto nodes = parseNodes(text, 7);
  EXPECT_TRUE(nodes.ok()) << text;
  return nodes ? *nodes : std::vector<NodeAddress>{};
}

TEST(NodeAddress, TakesThePortFromTheTextOrTheDefault) {
  EXPECT_EQ(read("localhost"), (std::vector<NodeAddress>{{"localhost", 7}}));
  EXPECT_EQ(read("node.example:50141"), (std::vector<NodeAddress>{{"node.example", 50141}}));
  EXPECT_EQ(read("10.0.0.1:65535"), (std::vector<NodeAddress>{{"10.0.0.1", 65535}}));
}

TEST(NodeAddress, ReadsIpv6InBracketsAndAlone) {
  EXPECT_EQ(read("[::1]"), (std::vector<NodeAddress>{{"::1", 7}}));
  EXPECT_EQ(read("[fe80::1%eth0]:3"), (std::vector<NodeAddress>{{"fe80::1%eth0", 3}}));
  EXPECT_EQ(read("::1"), (std::vector<NodeAddress>{{"::1", 7}}));
}

TEST(NodeAddress, ReadsSeveralNodes) {
  EXPECT_EQ(read("a:1,b,[::1]:2"), (std::vector<NodeAddress>{{"a", 1}, {"b", 7}, {"::1", 2}}));
}

TEST(NodeAddress, IsShownWithIpv6InBrackets) {
  EXPECT_EQ((NodeAddress{"::1", 50140}).text(), "[::1]:50140");
  EXPECT_EQ((NodeAddress{"node", 50140}).text(), "node:50140");
}

TEST(NodeAddress, IsInTheHostFieldWithoutItsZone) {
  EXPECT_EQ((NodeAddress{"fe80::1%eth0", 50140}).hostField(), "[fe80::1]:50140");
  EXPECT_EQ((NodeAddress{"node", 50140}).hostField(), "node:50140");
}

TEST(NodeAddress, RefusesWhatIsNoNode) {
  for (const char* text :
       {"",     ",",  "a,",     "a:",     "a:0", "a:65536", "a:-1",   "a:+1",      "a:1x",     ":1",
        "[::1", "[]", "[::1]x", "[::1]:", "a b", "a/b",     "user@a", "a\r\nX: y", "http://a", "\"a\""}) {
    const auto nodes = parseNodes(text, 7);
    EXPECT_FALSE(nodes.ok()) << text;
  }
}

}  // namespace
}  // namespace mydht::client
