#include "client/options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>

#include "client/option_rows.h"

namespace mydht::client {

namespace {

CommandLine wrong(std::string complaint) {
  CommandLine line;
  line.complaint = std::move(complaint);
  return line;
}

Error refuse(std::string text) {
  return {Kind::BadRequest, std::move(text)};
}

/// Whether the word is an option whose value is the next word.
bool takesNextWord(const std::string& word) {
  const auto rows = optionRows();
  return std::any_of(rows.begin(), rows.end(), [&](const OptionRow& row) {
    return row.text != nullptr && fmt::format(",{},", row.flags).find(fmt::format(",{},", word)) != std::string::npos;
  });
}

/// `-val` is how the value was always given, but to CLI11 a single dash has one letter. Where it is itself a key or a
/// value it stays.
void rewriteVal(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "-val" || words[i].starts_with("-val=")) words[i].insert(0, 1, '-');
    if (takesNextWord(words[i])) ++i;
  }
}

/// Whether an error is to be told as JSON although the command line could not be understood.
bool asksForJson(const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), "--json") != words.end();
}

bool given(const CLI::App& app, const char* name) {
  return app.count(name) > 0;
}

std::optional<std::string> textIf(const CLI::App& app, const char* name, const std::string& text) {
  return given(app, name) ? std::optional(text) : std::nullopt;
}

/// A number of an option, nothing if the option is not there.
Result<std::optional<std::uint64_t>> numberOf(const CLI::App& app, const char* name, const std::string& text,
                                              std::string_view what, std::uint64_t most) {
  if (!given(app, name)) return std::optional<std::uint64_t>();
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && number > 0 && number <= most) return std::optional(number);
  return refuse(fmt::format("'{}' is no {} from 1 to {}", text, what, most));
}

/// What was given of a command line, and what of it by a word without an option.
struct Reading {
  Reading(const CLI::App& read, Typed text) : app(read), typed(std::move(text)), key(has("-k")), value(has("--val")) {}

  const CLI::App& app;
  Typed typed;
  bool key;             ///< by -k or a word
  bool value;           ///< by -val or a word
  bool folder = false;  ///< by a word
  std::size_t next = 0;

  bool has(const char* name) const { return given(app, name); }

  /// Puts the words behind the command's name where -k and -val would have put them.
  Status placeWords(const Command& command) {
    for (const Word word : command.words) {
      if (next >= typed.bare.size()) break;
      if (word == Word::Key) take(key, typed.key);
      if (word == Word::Value) take(value, typed.value);
      if (word == Word::Folder) take(folder, typed.folder);
    }
    if (next < typed.bare.size()) return refuse(fmt::format("what is '{}'?", typed.bare[next]));
    return {};
  }

 private:
  void take(bool& already, std::string& into) {
    if (already) return;
    already = true;
    into = typed.bare[next++];
  }
};

/// Which options a command takes is said in its row.
Status checkOptions(const CLI::App& app, const Command& command) {
  for (const OptionRow& row : optionRows()) {
    const std::string_view flags = row.flags;
    const std::string name(flags.substr(0, flags.find(',')));
    if (row.onlyFor == 0 || (command.takes & row.onlyFor) != 0 || !given(app, name.c_str())) continue;
    return refuse(fmt::format("{} takes no {}", command.name, name == "--val" ? "-val" : name));
  }
  return {};
}

Status checkKeyUse(const Reading& reading, const Command& command) {
  const bool key = !reading.typed.key.empty();
  switch (command.key) {
    case KeyUse::None:
      if (reading.key) return refuse(fmt::format("{} takes no key", command.name));
      return {};
    case KeyUse::Key:
      return key ? Status() : refuse(fmt::format("{} needs a key: -k KEY", command.name));
    case KeyUse::Node:
      return key ? Status() : refuse(fmt::format("{} needs a node: -k HOST:PORT", command.name));
    case KeyUse::Count:
      return key ? Status() : refuse(fmt::format("{} needs a number: -k NUMBER", command.name));
    case KeyUse::Prefix:
    case KeyUse::OptionalNode:
      return {};
  }
  invariantBroken("a known use of the key", __FILE__, __LINE__);
}

Status checkValues(const Reading& reading, const Command& command) {
  const Typed& typed = reading.typed;
  const bool file = reading.has("-f");
  const bool output = reading.has("-o");
  if (reading.value && file) return refuse("give the value by -val or by -f, not by both");
  if (command.needsValue && !reading.value && !file) {
    return refuse(fmt::format("{} needs a value: -val VALUE or -f FILE", command.name));
  }
  if ((file && typed.file.empty()) || (output && typed.output.empty())) return refuse("a file needs a name");
  if (command.keyNeedsFolder && reading.key && !reading.folder) {
    return refuse(fmt::format("{} needs a folder too: {} {}", command.name, command.name, command.arguments));
  }
  if (reading.folder && typed.folder.empty()) return refuse("a folder needs a name");
  if (output && typed.output == "-" && typed.json) return refuse("give -o - or --json, not both");
  if (typed.json && typed.zeroEnds && command.key == KeyUse::Prefix) return refuse("give -0 or --json, not both");
  return {};
}

/// What cannot go together with keys from standard input.
Status checkKeysFromInput(const Reading& reading) {
  if (reading.typed.file == "-") return refuse("standard input cannot be both keys and value: -k - or -f -, not both");
  const bool intoFile = reading.has("-o") && reading.typed.output != "-";
  if (intoFile) return refuse("the values of many keys do not go into one file: with -k - only -o - makes sense");
  return {};
}

Result<std::vector<NodeAddress>> nodesOf(const CLI::App& app, const Typed& typed) {
  std::uint16_t port = kDefaultPort;
  if (given(app, "-p")) {
    const auto number = parsePort(typed.port);
    if (!number) return number.error();
    port = *number;
  }
  return parseNodes(given(app, "-h") ? std::string_view(typed.host) : "localhost", port);
}

/// The options that are numbers.
Status readNumbers(const CLI::App& app, const Typed& typed, Options& options) {
  constexpr std::uint64_t kDay = 86400;
  constexpr std::uint64_t kMostJobs = 64;  // more threads only wait for one another
  const auto patience = numberOf(app, "--timeout", typed.timeout, "number of seconds", kDay);
  if (!patience) return patience.error();
  const auto limit = numberOf(app, "--limit", typed.limit, "number", UINT64_MAX);
  if (!limit) return limit.error();
  const auto jobs = numberOf(app, "-j", typed.jobs, "number", kMostJobs);
  if (!jobs) return jobs.error();
  if (*patience) options.patience = std::chrono::seconds(**patience);
  options.limit = *limit;
  if (*jobs) options.jobs = static_cast<unsigned>(**jobs);
  return {};
}

Result<Options> optionsOf(const Reading& reading, const Command& command) {
  const CLI::App& app = reading.app;
  const Typed& typed = reading.typed;
  Options options;
  auto nodes = nodesOf(app, typed);
  if (!nodes) return nodes.error();
  options.nodes = std::move(*nodes);
  if (const Status read = readNumbers(app, typed, options); !read) return read.error();
  if (given(app, "--consistency")) {
    const auto consistency = protocol::parseConsistency(typed.consistency);
    if (!consistency) return consistency.error();
    options.consistency = *consistency;
  }
  options.key = typed.key;
  options.keysFromInput = command.key == KeyUse::Key && typed.key == "-";
  if (reading.value) options.value = typed.value;
  options.file = textIf(app, "-f", typed.file);
  options.output = textIf(app, "-o", typed.output);
  if (reading.folder) options.folder = typed.folder;
  options.secretFile = textIf(app, "--secret-file", typed.secretFile);
  options.delimiter = textIf(app, "--delimiter", typed.delimiter);
  options.json = typed.json;
  options.quiet = typed.quiet;
  options.longForm = typed.longForm;
  options.zeroEnds = typed.zeroEnds;
  options.names = typed.names;
  options.wait = typed.wait;
  options.dryRun = typed.dryRun;
  options.force = typed.force;
  if (options.keysFromInput) {
    if (const Status fine = checkKeysFromInput(reading); !fine) return fine.error();
  }
  return options;
}

/// From text that CLI11 took apart to checked options.
CommandLine check(const CLI::App& app, Typed typed, std::span<const Command> commands) {
  Reading reading(app, std::move(typed));
  if (!given(app, "-c") && !reading.typed.bare.empty()) reading.typed.command = reading.typed.bare[reading.next++];
  const std::string& name = reading.typed.command;
  if (name.empty()) return wrong("which command? -c COMMAND");
  const auto command =
      std::find_if(commands.begin(), commands.end(), [&](const Command& row) { return row.name == name; });
  if (command == commands.end()) return wrong(fmt::format("unknown command '{}'", name));
  if (const Status placed = reading.placeWords(*command); !placed) return wrong(placed.error().text);
  for (const Status& fine :
       {checkOptions(app, *command), checkKeyUse(reading, *command), checkValues(reading, *command)}) {
    if (!fine) return wrong(fine.error().text);
  }
  auto options = optionsOf(reading, *command);
  if (!options) return wrong(options.error().text);
  CommandLine line;
  line.wish = CommandLine::Wish::Run;
  line.command = &*command;
  line.options = std::move(*options);
  return line;
}

CommandLine wish(CommandLine::Wish wish) {
  CommandLine line;
  line.wish = wish;
  return line;
}

void addRows(CLI::App& app, Typed& typed) {
  for (const OptionRow& row : optionRows()) {
    CLI::Option* option =
        row.text != nullptr ? app.add_option(row.flags, typed.*row.text) : app.add_flag(row.flags, typed.*row.flag);
    if (*row.environment != '\0') option->envname(row.environment);
  }
  app.add_option("bare", typed.bare);
}

}  // namespace

CommandLine parseCommandLine(std::vector<std::string> words, std::span<const Command> commands) {
  CLI::App app;
  app.set_help_flag("--help");  // CLI11 would take -h, which is the host, and always was
  bool version = false;
  app.add_flag("--version", version);
  Typed typed;
  addRows(app, typed);

  const bool json = asksForJson(words);
  rewriteVal(words);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  CommandLine line;
  try {
    app.parse(std::move(words));
    line = version ? wish(CommandLine::Wish::Version) : check(app, std::move(typed), commands);
  } catch (const CLI::CallForHelp&) {
    return wish(CommandLine::Wish::Help);
  } catch (const CLI::ParseError& error) {
    std::string complaint = error.what();
    std::replace(complaint.begin(), complaint.end(), '\n', ' ');
    line = wrong(std::move(complaint));
  }
  if (line.wish == CommandLine::Wish::Wrong) line.options.json = json;
  return line;
}

std::string usage(std::span<const Command> commands) {
  std::string text =
      "usage: mydhtclient [-h HOST] [-p PORT] -c COMMAND [-k KEY] [-val VALUE | -f FILE] [-o FILE]\n"
      "       mydhtclient [-h HOST] [-p PORT] COMMAND [WORDS] [OPTIONS]\n"
      "\ncommands:\n";
  for (const Command& command : commands) {
    text += fmt::format("  {:<10}{:<30}  {}\n", command.name, command.arguments, command.help);
  }
  text += "\noptions:\n";
  for (const OptionRow& row : optionRows()) {
    std::string_view help = row.help;
    std::string_view shown = row.shown;
    for (std::size_t end = 0; end != std::string_view::npos; shown = "") {
      end = help.find('\n');
      text += fmt::format("  {:<24}  {}\n", shown, help.substr(0, end));
      if (end != std::string_view::npos) help.remove_prefix(end + 1);
    }
    if (*row.environment != '\0') text += fmt::format("  {:<24}  also from the environment: {}\n", "", row.environment);
  }
  text += fmt::format("  {:<24}  this text\n  {:<24}  the program's version\n", "--help", "--version");
  text +=
      "\nexit status: 0 done; 1 not done, or of status: not all is well; the reason is on standard error; "
      "2 wrong usage\n";
  return text;
}

}  // namespace mydht::client
