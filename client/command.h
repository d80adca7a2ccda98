#pragma once

#include <array>
#include <string_view>

#include "common/result/result.h"

namespace mydht::client {

class Nodes;
struct Options;

/// What -k, or the bare word in its place, is to a command.
enum class KeyUse {
  None,          ///< it takes none
  Key,           ///< it needs one; with `-k -` it is run once for each key on standard input
  Prefix,        ///< the beginning of keys, any text; may be left out
  Node,          ///< it needs a HOST:PORT
  Count,         ///< it needs a number
  OptionalNode,  ///< a HOST:PORT; may be left out
};

/// What the bare words behind a command's name are, in their order.
enum class Word { None, Key, Value, Folder };

/// The options that only some commands take, a bit each, joined by |.
using OptionSet = unsigned;
inline constexpr OptionSet kValueOption = 1 << 0;        ///< -val
inline constexpr OptionSet kFileOption = 1 << 1;         ///< -f
inline constexpr OptionSet kOutputOption = 1 << 2;       ///< -o
inline constexpr OptionSet kLongOption = 1 << 3;         ///< -l
inline constexpr OptionSet kZeroOption = 1 << 4;         ///< -0
inline constexpr OptionSet kDelimiterOption = 1 << 5;    ///< --delimiter
inline constexpr OptionSet kLimitOption = 1 << 6;        ///< --limit
inline constexpr OptionSet kJobsOption = 1 << 7;         ///< -j
inline constexpr OptionSet kNamesOption = 1 << 8;        ///< --names
inline constexpr OptionSet kConsistencyOption = 1 << 9;  ///< --consistency
inline constexpr OptionSet kWaitOption = 1 << 10;        ///< --wait
inline constexpr OptionSet kDryRunOption = 1 << 11;      ///< --dry-run
inline constexpr OptionSet kForceOption = 1 << 12;       ///< --force

/// One command of mydhtclient: a row of the table in commands/table.cpp. From the rows come the check of the command
/// line, the usage text and what the shell completes.
struct Command {
  std::string_view name;
  std::string_view arguments;  ///< as the usage shows them
  std::string_view help;       ///< one line
  KeyUse key = KeyUse::None;
  std::array<Word, 2> words = {Word::None, Word::None};
  OptionSet takes = 0;          ///< beside those that all commands take
  bool needsValue = false;      ///< -val or -f
  bool keyNeedsFolder = false;  ///< with a key, or prefix, a folder has to be given too

  /// Asks the ring and prints the answer to standard output. An error's text is one line for standard error.
  Status (*run)(const Options& options, Nodes& nodes) = nullptr;
};

}  // namespace mydht::client
