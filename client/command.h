#pragma once

#include <string_view>

#include "common/result/result.h"

namespace mydht::client {

class Nodes;
struct Options;

/// One command of mydhtclient: a row of the table in commands/table.cpp. From the rows come the check of the command
/// line and the usage text.
struct Command {
  std::string_view name;
  std::string_view arguments;  ///< as the usage shows them
  std::string_view help;       ///< one line
  bool takesKey = false;       ///< then it needs one
  bool takesValue = false;     ///< then it needs one: -val or -f
  bool takesOutput = false;    ///< -o is allowed

  /// Asks the ring and prints the answer to standard output. An error's text is one line for standard error.
  Status (*run)(const Options& options, Nodes& nodes) = nullptr;
};

}  // namespace mydht::client
