#include "server/node/option_rows.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "common/result/limits.h"
#include "common/ring/member.h"

namespace mydht::node {
namespace {

constexpr unsigned kMostLoops = 256;
/// More than any system lets a process open.
constexpr std::size_t kMostConnections = 1'000'000;
/// 1 TiB: more than any machine that this runs on, and far from overflow.
constexpr std::uint64_t kMostMib = 1024 * 1024;

/// Each is some hundred bytes on the disk.
constexpr std::uint64_t kMostHints = 1'000'000'000;
/// A year.
constexpr std::uint64_t kMostMinutes = 366 * 24 * 60;
/// A year, in seconds.
constexpr std::uint64_t kMostPause = 366 * 86400;

Status wrong(std::string_view what, const std::string& value) {
  return Error{Kind::BadRequest, fmt::format("{}, not '{}'", what, value)};
}

/// A whole number of that range.
template <class T>
Status number(T& to, const std::string& value, std::uint64_t least, std::uint64_t most) {
  std::uint64_t read = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, problem] = std::from_chars(value.data(), end, read);
  if (problem != std::errc() || stop != end || read < least || read > most) {
    return wrong(fmt::format("takes a whole number from {} to {}", least, most), value);
  }
  to = static_cast<T>(read);
  return {};
}

Status onOff(bool& to, const std::string& value) {
  const bool on = value == "true" || value == "yes" || value == "on" || value == "1";
  const bool off = value == "false" || value == "no" || value == "off" || value == "0";
  if (!on && !off) return wrong("is a switch: true or false", value);
  to = on;
  return {};
}

/// A whole number of seconds, minutes, hours or days, or off.
Status setRemoveAfter(Options& options, const std::string& value) {
  constexpr std::string_view kWhat = "takes off, or a time such as 90s, 30m, 12h or 7d, from 10s to 365d";
  if (value == "off" || value == "0") {
    options.removeAfter = std::chrono::seconds(0);
    return {};
  }
  constexpr std::string_view kUnits = "smhd";
  constexpr std::uint64_t kSeconds[] = {1, 60, 60 * 60, 24 * 60 * 60};
  const std::size_t unit = value.empty() ? std::string_view::npos : kUnits.find(value.back());
  if (unit == std::string_view::npos) return wrong(kWhat, value);
  std::uint64_t count = 0;
  const Status read = number(count, value.substr(0, value.size() - 1), 1, 365 * kSeconds[3]);
  const std::uint64_t seconds = count * kSeconds[unit];
  if (!read || seconds < 10 || seconds > 365 * kSeconds[3]) return wrong(kWhat, value);
  options.removeAfter = std::chrono::seconds(seconds);
  return {};
}

std::string removeAfterText(const Options& options) {
  const auto seconds = options.removeAfter.count();
  return seconds == 0 ? "off" : fmt::format("{}s", seconds);
}

bool printable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  }
  return true;
}

Status setHost(Options& options, const std::string& value) {
  std::string host = value;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty() || host.size() > 255 || !printable(host) || host.find_first_of("/?#@[]") != std::string::npos) {
    return wrong("takes a host name or an IP address", value);
  }
  options.host = host;
  return {};
}

/// HOST:PORT, or HOST with the usual port; IPv6 in brackets.
Status addSeed(Options& options, const std::string& value) {
  const std::size_t colon = value.rfind(':');
  const bool bracketed = !value.empty() && value.front() == '[';
  const std::size_t close = value.find(']');
  std::string host = value;
  std::uint16_t port = Options().port;
  const bool hasPort = bracketed ? close != std::string::npos && colon == close + 1 : colon == value.find(':');
  if (colon != std::string::npos && hasPort) {
    host = value.substr(0, colon);
    const Status done = number(port, value.substr(colon + 1), 1, 65535);
    if (!done) return wrong("takes HOST:PORT", value);
  }
  Options checked;
  const Status named = setHost(checked, host);
  if (!named) return wrong("takes HOST:PORT", value);
  options.seeds.push_back(hostPortOf(checked.host, port));
  return {};
}

Status setWeight(Options& options, const std::string& value) {
  double weight = 0;
  const char* const end = value.data() + value.size();
  std::size_t used = 0;
  try {
    weight = std::stod(value, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const double hundredths = std::round(weight * 100);
  const bool whole = used == static_cast<std::size_t>(end - value.data()) && used > 0;
  if (!whole || !(hundredths >= ring::kLeastWeight && hundredths <= ring::kMostWeight)) {
    return wrong("takes a number from 0.01 to 1000", value);
  }
  options.weightHundredths = static_cast<std::uint32_t>(hundredths);
  return {};
}

Status setZone(Options& options, const std::string& value) {
  if (value.size() > ring::kZoneBytes || (!value.empty() && !printable(value))) {
    return wrong(fmt::format("takes a name of at most {} bytes without blanks", ring::kZoneBytes), value);
  }
  options.zone = value;
  return {};
}

Status addAnonymous(Options& options, const std::string& value) {
  options.anonymousReads = options.anonymousWrites = false;
  std::string_view rest = value;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word == "read") {
      options.anonymousReads = true;
    } else if (word == "write") {
      options.anonymousWrites = true;
    } else if (word != "nothing") {
      return wrong("takes nothing, read, or read,write", value);
    }
  }
  return {};
}

Status setText(std::string& to, const std::string& value, std::string_view what) {
  if (value.empty()) return wrong(what, value);
  to = value;
  return {};
}

std::string listed(const std::vector<std::string>& values) {
  return fmt::format("{}", fmt::join(values, ","));
}

/// Who this node is and whom it joins.
void addRingRows(std::vector<OptionRow>& rows) {
  rows.push_back({"host", 'h', "HOST", "localhost",
                  "the name or address by which other nodes and clients reach this node", false, setHost,
                  [](const Options& o) { return o.host; }});
  rows.push_back({"port", 'p', "PORT", "50140",
                  "the port to listen on, for clients and nodes alike; 0 takes a free one", false,
                  [](Options& o, const std::string& v) { return number(o.port, v, 0, 65535); },
                  [](const Options& o) { return std::to_string(o.port); }});
  rows.push_back({"bind", 0, "ADDRESS", "this machine alone if HOST is a loopback name, else every address",
                  "the IP addresses to listen on", true,
                  [](Options& o, const std::string& v) {
                    o.bind.push_back(v);
                    return v.empty() ? wrong("takes an IP address", v) : Status();
                  },
                  [](const Options& o) { return listed(o.bind); }});
  rows.push_back({"server", 's', "HOST:PORT", "",
                  "a node of the ring to join; without it the node goes on in the ring that its data directory "
                  "remembers, or makes a new one",
                  true, addSeed, [](const Options& o) { return listed(o.seeds); }});
  rows.push_back({"replicas", 'r', "COPIES", "3", "copies of each value; counts for the first node of a ring only",
                  false, [](Options& o, const std::string& v) { return number(o.replicas, v, 1, limits::kReplicas); },
                  [](const Options& o) { return std::to_string(o.replicas); }});
  rows.push_back({"weight", 0, "W", "what it had before, at first 1",
                  "this node's share of the keys, compared with a node of weight 1; another one than before moves what "
                  "has to move",
                  false, setWeight, [](const Options& o) {
                    const std::uint32_t weight = o.weightHundredths.value_or(0);
                    return weight == 0 ? std::string() : fmt::format("{}.{:02}", weight / 100, weight % 100);
                  }});
  rows.push_back({"zone", 0, "NAME", "what it had before, at first none",
                  "nodes that fail together (a rack, a house): copies go to different zones", false, setZone,
                  [](const Options& o) { return o.zone.value_or(""); }});
  rows.push_back({"remove-after", 0, "TIME", "off",
                  "a member that shows no sign of life for that long (30m, 12h, 7d) is removed, if the others can make "
                  "all its copies again; give it to all nodes",
                  false, setRemoveAfter, removeAfterText});
  rows.push_back({"fill-rate", 0, "MIB", "64",
                  "at most so many MiB a second are copied to this node after the ring has changed, and so many again "
                  "each of what another one missed and of what differs; 0 is no limit",
                  false, [](Options& o, const std::string& v) { return number(o.fillMib, v, 0, kMostMib); },
                  [](const Options& o) { return std::to_string(o.fillMib); }});
}

/// What it keeps, and how much memory and how many threads it takes.
void addResourceRows(std::vector<OptionRow>& rows) {
  rows.push_back({"data", 'd', "DIRECTORY", "mydht-data/PORT",
                  "where this node keeps its values and its identity; made if it is missing", false,
                  [](Options& o, const std::string& v) { return setText(o.dataDirectory, v, "takes a directory"); },
                  [](const Options& o) { return o.dataDirectory; }});
  rows.push_back({"loops", 0, "N", "one a core", "event loops, each a thread", false,
                  [](Options& o, const std::string& v) { return number(o.loops, v, 1, kMostLoops); },
                  [](const Options& o) { return o.loops == 0 ? std::string() : std::to_string(o.loops); }});
  rows.push_back({"cache-mib", 0, "MIB", "64", "memory for the small values that were used last", false,
                  [](Options& o, const std::string& v) { return number(o.cacheMib, v, 0, kMostMib); },
                  [](const Options& o) { return std::to_string(o.cacheMib); }});
  rows.push_back({"block-cache-mib", 0, "MIB", "64", "memory for blocks of the database", false,
                  [](Options& o, const std::string& v) { return number(o.blockCacheMib, v, 1, kMostMib); },
                  [](const Options& o) { return std::to_string(o.blockCacheMib); }});
  rows.push_back({"hints", 0, "N", "100000",
                  "what nodes that are down miss is noted up to so many keys; what comes beyond is found by comparing",
                  false, [](Options& o, const std::string& v) { return number(o.hints, v, 0, kMostHints); },
                  [](const Options& o) { return std::to_string(o.hints); }});
  rows.push_back({"hint-age", 0, "MINUTES", "180",
                  "such a note is forgotten after that, and the key found by comparing", false,
                  [](Options& o, const std::string& v) { return number(o.hintMinutes, v, 1, kMostMinutes); },
                  [](const Options& o) { return std::to_string(o.hintMinutes); }});
  rows.push_back({"connections", 0, "N", "10000, or half of the open files that the system allows",
                  "connections at once; what comes beyond is turned away with 503", false,
                  [](Options& o, const std::string& v) { return number(o.connections, v, 1, kMostConnections); },
                  [](const Options& o) { return o.connections == 0 ? std::string() : std::to_string(o.connections); }});
  rows.push_back(
      {"connections-per-address", 0, "N", "2000",
       "of those, from one IPv4 address or one /64 network of IPv6; nodes behind one address share it", false,
       [](Options& o, const std::string& v) { return number(o.connectionsPerAddress, v, 1, kMostConnections); },
       [](const Options& o) { return std::to_string(o.connectionsPerAddress); }});
  rows.push_back({"busy", 0, "N", "512",
                  "requests for keys that each loop works on at once; what comes beyond gets 503 and is to be repeated",
                  false, [](Options& o, const std::string& v) { return number(o.busy, v, 1, kMostConnections); },
                  [](const Options& o) { return std::to_string(o.busy); }});
}

/// How it keeps its disk.
void addDiskRows(std::vector<OptionRow>& rows) {
  rows.push_back({"disk-reserve", 0, "MIB", "256",
                  "room that is kept for deletes on a full disk, at most a quarter of the file system; 0 keeps none",
                  false, [](Options& o, const std::string& v) { return number(o.reserveMib, v, 0, kMostMib); },
                  [](const Options& o) { return std::to_string(o.reserveMib); }});
  rows.push_back({"scrub-rate", 0, "MIB", "8",
                  "at most so many MiB a second are read to check what lies on the disk; 0 is no limit", false,
                  [](Options& o, const std::string& v) { return number(o.scrubMib, v, 0, kMostMib); },
                  [](const Options& o) { return std::to_string(o.scrubMib); }});
  rows.push_back({"scrub-pause", 0, "SECONDS", "86400",
                  "between two such rounds, each of which reads everything; 0 is no scrub", false,
                  [](Options& o, const std::string& v) { return number(o.scrubPause, v, 0, kMostPause); },
                  [](const Options& o) { return std::to_string(o.scrubPause); }});
}

/// Who may do what.
void addAccessRows(std::vector<OptionRow>& rows) {
  rows.push_back(
      {"secret-file", 0, "FILE", "",
       "its first line is the ring's secret, with which nodes and clients sign; without it only this machine "
       "may write, and only nodes on this machine may join",
       false, [](Options& o, const std::string& v) { return setText(o.secretFile, v, "takes a file"); },
       [](const Options& o) { return o.secretFile; }});
  rows.push_back({"anonymous", 0, "WHAT", "read",
                  "with a secret: what other machines may do without it: nothing, read, or read,write", false,
                  addAnonymous, [](const Options& o) {
                    if (o.anonymousWrites) return std::string(o.anonymousReads ? "read,write" : "write");
                    return std::string(o.anonymousReads ? "read" : "nothing");
                  }});
  rows.push_back({"allow-host", 0, "NAME", "",
                  "one more name under which browsers may change something here, beside HOST, loopback names and "
                  "literal addresses",
                  true,
                  [](Options& o, const std::string& v) {
                    Options checked;
                    const Status done = setHost(checked, v);
                    if (done) o.allowHosts.push_back(checked.host);
                    return done;
                  },
                  [](const Options& o) { return listed(o.allowHosts); }});
  rows.push_back({"trust-content", 0, "", "",
                  "stored pages may run scripts; they share this node's origin, so do this only if all who write are "
                  "trusted",
                  false, [](Options& o, const std::string& v) { return onOff(o.trustContent, v); },
                  [](const Options& o) { return std::string(o.trustContent ? "true" : "false"); }});
}

/// What it says, and where the options come from.
void addProgramRows(std::vector<OptionRow>& rows) {
  rows.push_back({"verbose", 'v', "", "", "the journal tells small things too", false,
                  [](Options& o, const std::string& v) { return onOff(o.verbose, v); },
                  [](const Options& o) { return std::string(o.verbose ? "true" : "false"); }});
  rows.push_back({"log", 'l', "FILE", "standard error", "where the journal goes; SIGHUP opens it again", false,
                  [](Options& o, const std::string& v) { return setText(o.logFile, v, "takes a file"); },
                  [](const Options& o) { return o.logFile; }});
  rows.push_back(
      {"access-log", 0, "FILE", "",
       "a line for each answer to a client, in the combined format of Apache and nginx; SIGHUP opens it again", false,
       [](Options& o, const std::string& v) { return setText(o.accessLog, v, "takes a file"); },
       [](const Options& o) { return o.accessLog; }});
  rows.push_back({"config", 0, "FILE", "",
                  "more options, one `name = value` a line; the command line and the environment "
                  "come first",
                  false, [](Options& o, const std::string& v) { return setText(o.configFile, v, "takes a file"); }});
  rows.push_back({"check-config", 0, "", "", "checks the options, prints them as they count, and ends"});
  rows.push_back(
      {"print-config", 0, "", "", "prints a commented file for --config, in which these options count, and ends"});
  rows.push_back({"new-secret", 0, "FILE", "",
                  "makes a secret for a ring in FILE, which must not exist and which only its owner may read, and ends",
                  false, [](Options& o, const std::string& v) { return setText(o.newSecretFile, v, "takes a file"); }});
  rows.push_back({"help", 0, "", "", "prints this and ends"});
  rows.push_back({"version", 0, "", "", "prints the version and ends"});
}

}  // namespace

const std::vector<OptionRow>& optionRows() {
  static const std::vector<OptionRow> rows = [] {
    std::vector<OptionRow> all;
    addRingRows(all);
    addResourceRows(all);
    addDiskRows(all);
    addAccessRows(all);
    addProgramRows(all);
    return all;
  }();
  return rows;
}

}  // namespace mydht::node
