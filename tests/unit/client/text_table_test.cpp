// Proves that a table for people is aligned, says "-" where it knows nothing and has no column that says nothing at
// all.

#include "client/text_table.h"

#include <gtest/gtest.h>

namespace mydht::client {
namespace {

TEST(TableText, AlignsColumnsAndLeavesOutThoseThatSayNothing) {
  const std::vector<TextColumn> columns = {{.heading = "NAME", .cells = {"a", "longer name"}},
                                           {.heading = "NOTHING", .cells = {"", ""}},
                                           {.heading = "N", .toTheRight = true, .cells = {"", "12"}},
                                           {.heading = "REMARKS", .cells = {"one", ""}}};
  EXPECT_EQ(tableText(columns),
            "NAME          N  REMARKS\n"
            "a             -  one\n"
            "longer name  12  -");
}

TEST(TableText, OfNoRowsIsEmpty) {
  EXPECT_EQ(tableText({{.heading = "NAME"}}), "");
  EXPECT_EQ(tableText({}), "");
}

}  // namespace
}  // namespace mydht::client
