#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/node_address.h"

namespace mydht::client {

/// What the command line and the environment asked for, checked. A plain value.
struct Options {
  std::vector<NodeAddress> nodes;  ///< at least one: the first is asked first
  std::string key;                 ///< empty only for commands without one
  std::optional<std::string> value;
  std::optional<std::string> file;    ///< "-" is standard input
  std::optional<std::string> output;  ///< "-" is standard output
  std::optional<std::string> secretFile;
  std::chrono::seconds patience{30};  ///< how long nothing may move on a connection
};

/// What to do with one command line.
struct CommandLine {
  enum class Wish { Run, Help, Version, Wrong };

  Wish wish = Wish::Wrong;
  const Command* command = nullptr;  ///< Run: which one
  Options options;                   ///< Run
  std::string complaint;             ///< Wrong: one line
};

/// Reads the words after the program's name, and MYDHT_HOST and MYDHT_PORT where -h and -p are not given. Prints
/// nothing. `commands` outlives what is returned.
CommandLine parseCommandLine(std::vector<std::string> words, std::span<const Command> commands);

/// The text of --help, with a line for each command and each option.
std::string usage(std::span<const Command> commands);

}  // namespace mydht::client
