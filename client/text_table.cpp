#include "client/text_table.h"

#include <fmt/core.h>

#include <algorithm>

namespace mydht::client {

namespace {

constexpr std::string_view kEmpty = "-";

bool saysNothing(const TextColumn& column) {
  return std::all_of(column.cells.begin(), column.cells.end(), [](const std::string& cell) { return cell.empty(); });
}

std::size_t widthOf(const TextColumn& column) {
  std::size_t width = column.heading.size();
  for (const std::string& cell : column.cells) width = std::max(width, cell.size());
  return width;
}

/// One cell, with two blanks between it and the one before.
void append(std::string& line, const TextColumn& column, std::string_view cell) {
  if (!line.empty()) line += "  ";
  line +=
      column.toTheRight ? fmt::format("{:>{}}", cell, widthOf(column)) : fmt::format("{:<{}}", cell, widthOf(column));
}

std::string lineOf(const std::vector<TextColumn>& columns, std::size_t row, bool heading) {
  std::string line;
  for (const TextColumn& column : columns) {
    if (saysNothing(column)) continue;
    const std::string_view cell = heading ? column.heading : std::string_view(column.cells[row]);
    append(line, column, cell.empty() ? kEmpty : cell);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string tableText(const std::vector<TextColumn>& columns) {
  std::string text = lineOf(columns, 0, true);
  const std::size_t rows = columns.empty() ? 0 : columns.front().cells.size();
  for (std::size_t row = 0; row < rows; ++row) text += "\n" + lineOf(columns, row, false);
  return text;
}

}  // namespace mydht::client
