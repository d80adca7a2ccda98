#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/command.h"
#include "client/node_address.h"
#include "common/protocol/consistency.h"

namespace mydht::client {

/// What the command line and the environment asked for, checked. A plain value.
struct Options {
  std::vector<NodeAddress> nodes;  ///< at least one: the first is asked first
  std::string key;                 ///< what the command's KeyUse says; empty only if it may be left out
  bool keysFromInput = false;      ///< `-k -`: each key of standard input in turn becomes `key`
  std::optional<std::string> value;
  std::optional<std::string> file;    ///< "-" is standard input
  std::optional<std::string> output;  ///< "-" is standard output
  std::optional<std::string> folder;  ///< of upload and download
  std::optional<std::string> secretFile;
  std::chrono::seconds patience{30};  ///< how long nothing may move on a connection

  bool json = false;      ///< one JSON object a line instead of text, errors too
  bool quiet = false;     ///< nothing but what was asked for, and errors
  bool longForm = false;  ///< ls: size, time and hash too
  bool zeroEnds = false;  ///< keys end with a NUL instead of a line end, read and printed
  bool force = false;     ///< remove: the node is destroyed
  bool names = false;     ///< upload: each name as a string too
  bool wait = false;      ///< balance, purge: until it is done
  bool dryRun = false;    ///< purge: only count
  std::optional<std::string> delimiter;
  std::optional<std::uint64_t> limit;  ///< ls: keys at most
  protocol::Consistency consistency = protocol::Consistency::Quorum;
  unsigned jobs = 8;  ///< transfers at once
};

/// What to do with one command line.
struct CommandLine {
  enum class Wish { Run, Help, Version, Wrong };

  Wish wish = Wish::Wrong;
  const Command* command = nullptr;  ///< Run: which one
  Options options;                   ///< Run; of the others only what they can have (json)
  std::string complaint;             ///< Wrong: one line
};

/// Reads the words after the program's name, and MYDHT_HOST and MYDHT_PORT where -h and -p are not given. Prints
/// nothing. `commands` outlives what is returned.
CommandLine parseCommandLine(std::vector<std::string> words, std::span<const Command> commands);

/// The text of --help, with a line for each command and each option.
std::string usage(std::span<const Command> commands);

}  // namespace mydht::client
