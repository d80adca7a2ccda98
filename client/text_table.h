#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mydht::client {

/// A column of a table for people: a heading and a cell for each row.
struct TextColumn {
  std::string_view heading;
  bool toTheRight = false;  ///< numbers are
  std::vector<std::string> cells{};
};

/// The table, its columns as wide as their widest cell, without a line end behind the last row. An empty cell shows as
/// "-"; a column without any other is left out.
std::string tableText(const std::vector<TextColumn>& columns);

}  // namespace mydht::client
