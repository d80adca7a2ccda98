#pragma once

#include <span>
#include <string>
#include <vector>

#include "client/command.h"

namespace mydht::client {

/// The command line as it was typed: all text, nothing checked. A plain value.
struct Typed {
  std::string host, port, command, key, value, file, output, secretFile, timeout, delimiter, limit, jobs, consistency;
  bool longForm = false, zeroEnds = false, names = false, wait = false, force = false, dryRun = false, json = false,
       quiet = false;
  std::string folder;             ///< only ever a bare word
  std::vector<std::string> bare;  ///< words without an option: the command, if -c is not there, then its words
};

/// One option: everything that is known of it stands in its row.
struct OptionRow {
  const char* flags;      ///< as CLI11 reads them; the first is the name to look it up
  const char* shown;      ///< as the usage shows them
  const char* help;       ///< for the usage, of one line or more
  OptionSet onlyFor = 0;  ///< its bit, if only some commands take it
  const char* environment = "";
  std::string Typed::*text = nullptr;  ///< where the next word goes, or
  bool Typed::*flag = nullptr;         ///< what it switches on
};

/// All options but --help and --version, in the order in which the usage shows them.
std::span<const OptionRow> optionRows();

}  // namespace mydht::client
