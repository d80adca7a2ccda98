#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/result/result.h"

namespace mydht::node {

/// What the options say, checked. A plain value; the rows of option_rows.cpp fill it.
struct Options {
  std::string host = "localhost";
  std::uint16_t port = 50140;      ///< 0: a free one
  std::vector<std::string> bind;   ///< literal addresses; empty: see bindAddresses
  std::vector<std::string> seeds;  ///< host:port
  std::uint32_t replicas = 3;      ///< counts for the first node of a ring only
  std::string dataDirectory;       ///< empty: mydht-data/PORT
  std::optional<std::uint32_t> weightHundredths;
  std::optional<std::string> zone;
  std::size_t scrubMib = 8;          ///< a second; 0: no limit
  std::uint32_t scrubPause = 86400;  ///< seconds; 0: no scrub
  std::size_t reserveMib = 256;
  std::size_t fillMib = 64;
  std::chrono::seconds removeAfter{0};  ///< 0: never
  unsigned loops = 0;                   ///< 0: as many as there are cores
  std::size_t cacheMib = 64;
  std::size_t blockCacheMib = 64;
  std::uint64_t hints = 100'000;  ///< notes of what other nodes missed
  std::int64_t hintMinutes = 180;
  std::size_t connections = 0;  ///< 0: half of the files that the system allows, 10,000 at most
  std::size_t connectionsPerAddress = 2000;
  std::size_t busy = 512;  ///< requests that each loop works on at once
  bool verbose = false;
  std::string logFile;     ///< empty: standard error
  std::string accessLog;   ///< empty: none
  std::string secretFile;  ///< empty: protected mode
  bool anonymousReads = true;
  bool anonymousWrites = false;
  std::vector<std::string> allowHosts;
  bool trustContent = false;

  std::string configFile;
  std::string newSecretFile;  ///< of --new-secret
};

/// What the program is to do.
enum class Action : std::uint8_t { Serve, ShowHelp, ShowVersion, CheckConfig, PrintConfig, NewSecret };

/// A command line that was understood. A plain value.
struct Invocation {
  Action action = Action::Serve;
  Options options;
};

/// The value of an environment variable, null if it is not set.
using Environment = std::function<const char*(const char* name)>;

/// Reads command line, then MYDHT_* variables, then the file that --config names: who speaks first counts. BadRequest
/// with one line for the user if something is wrong.
Result<Invocation> readOptions(const std::vector<std::string>& arguments, const Environment& environment);

/// All options, generated from their rows.
std::string helpText();
/// The options as they count now, one `name = value` a line, as --config reads them.
std::string configText(const Options& options);
/// A whole file for --config: every option with a comment; those that differ from their defaults count, the others are
/// commented out. Generated from the rows, so that it never lacks one.
std::string commentedConfigText(const Options& options);

/// HOST:PORT, an IPv6 address in brackets.
std::string hostPortOf(const std::string& host, std::uint16_t port);
/// Whether the name can mean nothing but this machine.
bool isLoopback(const std::string& host);
/// Where to listen: what --bind says; else this machine alone if HOST is a loopback name, else every address.
std::vector<std::string> bindAddresses(const Options& options);

}  // namespace mydht::node
