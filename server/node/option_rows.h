#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result/result.h"
#include "server/node/options.h"

namespace mydht::node {

/// One option: everything about it. --help, the config file and the environment's names come from the rows.
struct OptionRow {
  std::string_view name;         ///< --name; in the environment MYDHT_NAME, with '_' for '-'
  char letter = 0;               ///< -h; 0: none
  std::string_view unit;         ///< what it takes, in capitals; empty: nothing, it is a switch
  std::string_view fallback;     ///< what counts without it, for people; empty: nothing
  std::string_view consequence;  ///< what it does
  bool repeatable = false;       ///< may be there several times; each may hold several, with commas between
  /// Checks one value and sets it; BadRequest says what it should be. Null: the program looks at it itself.
  Status (*set)(Options& options, const std::string& value) = nullptr;
  /// The value as it counts, for --check-config; null: not shown.
  std::string (*show)(const Options& options) = nullptr;
};

/// All rows, in the order of --help.
const std::vector<OptionRow>& optionRows();

}  // namespace mydht::node
