// Proves every option: its default, where it may stand, who is heard first, and that each wrong value gets one line
// that names the option. readOptions is called with a command line, an environment and files.
#include "server/node/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "server/node/option_rows.h"
#include "tests/support/files/temp_directory.h"

namespace mydht::node {
namespace {

using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

Result<Invocation> read(const Words& words, const Variables& variables = {}) {
  return readOptions(words, [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

Options optionsOf(const Words& words, const Variables& variables = {}) {
  const auto read_ = read(words, variables);
  EXPECT_TRUE(read_) << (read_ ? "" : read_.error().text);
  return read_ ? read_->options : Options();
}

/// The one line that a wrong command line gets.
std::string problemOf(const Words& words, const Variables& variables = {}) {
  const auto result = read(words, variables);
  if (result) return "";
  EXPECT_EQ(result.error().kind, Kind::BadRequest);
  EXPECT_EQ(result.error().text.find('\n'), std::string::npos);
  return result.error().text;
}

TEST(Options, HaveTheDefaultsThatAreDocumented) {
  const Options options = optionsOf({});
  EXPECT_EQ(options.host, "localhost");
  EXPECT_EQ(options.port, 50140);
  EXPECT_TRUE(options.bind.empty());
  EXPECT_TRUE(options.seeds.empty());
  EXPECT_EQ(options.replicas, 3U);
  EXPECT_EQ(options.dataDirectory, "");
  EXPECT_FALSE(options.weightHundredths.has_value());
  EXPECT_FALSE(options.zone.has_value());
  EXPECT_EQ(options.fillMib, 64U);
  EXPECT_EQ(options.removeAfter.count(), 0);
  EXPECT_EQ(options.reserveMib, 256U);
  EXPECT_EQ(options.scrubMib, 8U);
  EXPECT_EQ(options.scrubPause, 86400U);
  EXPECT_EQ(options.loops, 0U);
  EXPECT_EQ(options.cacheMib, 64U);
  EXPECT_EQ(options.hints, 100'000U);
  EXPECT_EQ(options.hintMinutes, 180);
  EXPECT_EQ(options.blockCacheMib, 64U);
  EXPECT_EQ(options.connections, 0U);
  EXPECT_EQ(options.connectionsPerAddress, 2000U);
  EXPECT_EQ(options.busy, 512U);
  EXPECT_FALSE(options.verbose);
  EXPECT_EQ(options.logFile, "");
  EXPECT_EQ(options.accessLog, "");
  EXPECT_EQ(options.secretFile, "");
  EXPECT_TRUE(options.anonymousReads);
  EXPECT_FALSE(options.anonymousWrites);
  EXPECT_TRUE(options.allowHosts.empty());
  EXPECT_FALSE(options.trustContent);
  EXPECT_EQ(read({})->action, Action::Serve);
}

TEST(Options, AreReadInTheirShortForms) {
  const Options options =
      optionsOf({"-h", "node1", "-p", "0", "-s", "a:1", "-sb:2", "-r", "5", "-d", "here", "-v", "-l", "log"});
  EXPECT_EQ(options.host, "node1");
  EXPECT_EQ(options.port, 0);
  EXPECT_EQ(options.seeds, (Words{"a:1", "b:2"}));
  EXPECT_EQ(options.replicas, 5U);
  EXPECT_EQ(options.dataDirectory, "here");
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(options.logFile, "log");
}

TEST(Options, AreReadInTheirLongForms) {
  const Options options = optionsOf({"--host=[::1]",
                                     "--bind",
                                     "10.0.0.1,::1",
                                     "--server",
                                     "[::2]:7,c",
                                     "--weight",
                                     "2.5",
                                     "--zone",
                                     "z1",
                                     "--fill-rate",
                                     "0",
                                     "--loops",
                                     "4",
                                     "--cache-mib",
                                     "0",
                                     "--block-cache-mib",
                                     "8",
                                     "--secret-file",
                                     "s",
                                     "--anonymous",
                                     "read,write",
                                     "--allow-host",
                                     "my.name",
                                     "--trust-content"});
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.bind, (Words{"10.0.0.1", "::1"}));
  EXPECT_EQ(options.seeds, (Words{"[::2]:7", "c:50140"}));
  EXPECT_EQ(options.weightHundredths, 250U);
  EXPECT_EQ(options.zone, "z1");
  EXPECT_EQ(options.fillMib, 0U);
  EXPECT_EQ(options.loops, 4U);
  EXPECT_EQ(options.cacheMib, 0U);
  EXPECT_EQ(options.blockCacheMib, 8U);
  EXPECT_EQ(options.secretFile, "s");
  EXPECT_TRUE(options.anonymousReads && options.anonymousWrites);
  EXPECT_EQ(options.allowHosts, Words{"my.name"});
  EXPECT_TRUE(options.trustContent);
}

TEST(Options, WrongOnesAreNamed) {
  const std::vector<std::pair<Words, std::string>> cases = {
      {{"-p", "abc"}, "port"},
      {{"-p", "65536"}, "port"},
      {{"-p", "-1"}, "port"},
      {{"-p"}, "port"},
      {{"-p", "1", "-p", "2"}, "port"},
      {{"-h", ""}, "host"},
      {{"-h", "a b"}, "host"},
      {{"-h", "http://a"}, "host"},
      {{"-s", "a:b"}, "server"},
      {{"-s", "a:0"}, "server"},
      {{"-s", "a:1,"}, "server"},
      {{"-r", "0"}, "replicas"},
      {{"-r", "10"}, "replicas"},
      {{"--weight", "0"}, "weight"},
      {{"--weight", "nan"}, "weight"},
      {{"--weight", "1x"}, "weight"},
      {{"--weight", "1001"}, "weight"},
      {{"--zone", "a b"}, "zone"},
      {{"--loops", "0"}, "loops"},
      {{"--loops", "257"}, "loops"},
      {{"--cache-mib", "x"}, "cache-mib"},
      {{"--block-cache-mib", "0"}, "block-cache-mib"},
      {{"--connections", "0"}, "connections"},
      {{"--connections-per-address", "-1"}, "connections-per-address"},
      {{"--busy", "many"}, "busy"},
      {{"--hints", "-1"}, "hints"},
      {{"--hint-age", "0"}, "hint-age"},
      {{"-d", ""}, "data"},
      {{"-l", ""}, "log"},
      {{"--access-log", ""}, "access-log"},
      {{"--secret-file", ""}, "secret-file"},
      {{"--anonymous", "all"}, "anonymous"},
      {{"--allow-host", "a/b"}, "allow-host"},
      {{"--trust-content=maybe"}, "trust-content"},
      {{"--new-secret", ""}, "new-secret"},
      {{"--unknown"}, "--unknown"},
      {{"--por", "1"}, "--por"},
      {{"word"}, "word"}};
  for (const auto& [words, name] : cases) {
    EXPECT_NE(problemOf(words).find(name), std::string::npos) << words.front() << ": " << problemOf(words);
  }
}

TEST(Options, TakeATimeAfterWhichADeadMemberIsRemoved) {
  EXPECT_EQ(optionsOf({"--remove-after", "90s"}).removeAfter, std::chrono::seconds(90));
  EXPECT_EQ(optionsOf({"--remove-after", "30m"}).removeAfter, std::chrono::minutes(30));
  EXPECT_EQ(optionsOf({"--remove-after", "12h"}).removeAfter, std::chrono::hours(12));
  EXPECT_EQ(optionsOf({"--remove-after", "365d"}).removeAfter, std::chrono::hours(365 * 24));
  EXPECT_EQ(optionsOf({"--remove-after", "off"}).removeAfter.count(), 0);
  for (const char* const wrong : {"", "5", "9s", "366d", "-1m", "1.5h", "m", "1w", "99999999999999999999d"}) {
    EXPECT_FALSE(read({"--remove-after", wrong}).ok()) << wrong;
  }
}

TEST(Options, ComeFromTheEnvironmentToo) {
  const Options options = optionsOf({"-p", "1"}, {{"MYDHT_PORT", "2"},
                                                  {"MYDHT_CACHE_MIB", "3"},
                                                  {"MYDHT_SERVER", "a:1,b:2"},
                                                  {"MYDHT_VERBOSE", "true"},
                                                  {"MYDHT_OTHER", "x"}});
  EXPECT_EQ(options.port, 1);  // the command line is heard first
  EXPECT_EQ(options.cacheMib, 3U);
  EXPECT_EQ(options.seeds, (Words{"a:1", "b:2"}));
  EXPECT_TRUE(options.verbose);
  EXPECT_NE(problemOf({}, {{"MYDHT_PORT", "x"}}).find("environment: --port"), std::string::npos);
}

TEST(Options, ComeFromAFileLast) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/config";
  std::ofstream(path) << "# a comment\nport = 5\ncache-mib=6\nzone = file\nserver = a:1\nserver = b:2\nverbose = yes\n";
  const Options options = optionsOf({"--config", path, "-p", "1"}, {{"MYDHT_ZONE", "environment"}});
  EXPECT_EQ(options.port, 1);
  EXPECT_EQ(options.zone, "environment");
  EXPECT_EQ(options.cacheMib, 6U);
  EXPECT_EQ(options.seeds, (Words{"a:1", "b:2"}));
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(optionsOf({}, {{"MYDHT_CONFIG", path}}).port, 5);
}

TEST(Options, AWrongFileIsNamed) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/config";
  EXPECT_NE(problemOf({"--config", path}).find(path), std::string::npos);
  std::ofstream(path) << "prot = 5\n";
  EXPECT_NE(problemOf({"--config", path}).find("prot"), std::string::npos);
  std::ofstream(path) << "port = x\n";
  EXPECT_NE(problemOf({"--config", path}).find(path), std::string::npos);
}

TEST(Options, SayWhatToDo) {
  EXPECT_EQ(read({"--help"})->action, Action::ShowHelp);
  EXPECT_EQ(read({"--version"})->action, Action::ShowVersion);
  EXPECT_EQ(read({"--check-config"})->action, Action::CheckConfig);
  EXPECT_EQ(read({"--print-config"})->action, Action::PrintConfig);
  EXPECT_EQ(read({"--new-secret", "file"})->action, Action::NewSecret);
  EXPECT_EQ(read({"--new-secret", "file"})->options.newSecretFile, "file");
}

TEST(Options, AreAllInTheHelp) {
  const std::string help = helpText();
  for (const OptionRow& row : optionRows()) {
    EXPECT_NE(help.find("--" + std::string(row.name)), std::string::npos) << row.name;
    EXPECT_FALSE(row.consequence.empty()) << row.name;
  }
}

TEST(Options, AsPrintedAreReadAgainTheSame) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/config";
  const Options given =
      optionsOf({"-h", "::1", "-p", "7", "-s", "a:1", "-s", "b:2", "--weight", "0.25", "--bind", "::1", "-v"});
  std::ofstream(path) << configText(given);
  const Options again = optionsOf({"--config", path});
  EXPECT_EQ(configText(again), configText(given));
  EXPECT_EQ(again.weightHundredths, 25U);
  EXPECT_EQ(again.seeds, given.seeds);
}

/// The lines of a file as --config sees them, or, commented out, as it would.
std::vector<std::string> settingsIn(const std::string& text, bool counting) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool comment = line.starts_with('#');
    if (line.empty() || line.starts_with("# ") || comment == counting) continue;
    found.push_back(comment ? line.substr(1) : line);
  }
  return found;
}

TEST(Options, ACommentedFileNamesEachAndChangesNothing) {
  const std::string text = commentedConfigText(Options());
  EXPECT_EQ(settingsIn(text, true), Words{});
  const auto named = settingsIn(text, false);
  std::size_t at = 0;
  for (const OptionRow& row : optionRows()) {
    if (row.show == nullptr) continue;
    ASSERT_LT(at, named.size());
    EXPECT_TRUE(named[at++].starts_with(std::string(row.name) + " = ")) << row.name;
  }
  EXPECT_EQ(at, named.size());
}

TEST(Options, InACommentedFileCountIfTheyWereGiven) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/config";
  const Options given = optionsOf({"-h", "a.example", "-d", "/var/lib/here", "-s", "a:1", "-s", "b:2"});
  const std::string text = commentedConfigText(given);
  EXPECT_EQ(settingsIn(text, true), (Words{"host = a.example", "server = a:1,b:2", "data = /var/lib/here"}));
  std::ofstream(path) << text;
  EXPECT_EQ(configText(optionsOf({"--config", path})), configText(given));
}

TEST(Listening, IsOnThisMachineAloneUnderALoopbackName) {
  for (const std::string host : {"localhost", "127.0.0.1", "127.0.1.1", "::1"}) {
    EXPECT_EQ(bindAddresses(optionsOf({"-h", host})).front(), "127.0.0.1") << host;
  }
  EXPECT_EQ(bindAddresses(optionsOf({"-h", "node1"})).front(), "0.0.0.0");
  EXPECT_EQ(bindAddresses(optionsOf({"--bind", "10.1.2.3"})), Words{"10.1.2.3"});
}

TEST(HostPort, PutsAnIpv6AddressInBrackets) {
  EXPECT_EQ(hostPortOf("a", 1), "a:1");
  EXPECT_EQ(hostPortOf("::1", 1), "[::1]:1");
}

}  // namespace
}  // namespace mydht::node
