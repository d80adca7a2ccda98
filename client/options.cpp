#include "client/options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>

namespace mydht::client {

namespace {

/// The command line as it was typed: all text, nothing checked.
struct Typed {
  std::string host, port, command, key, value, file, output, secretFile, timeout;
  std::vector<std::string> bare;  ///< words without an option: the command, if -c is not there, then the key
};

/// One option: everything that is known of it stands in its row.
struct OptionRow {
  const char* flags;  ///< as CLI11 reads them; the last is the name to look it up
  const char* shown;
  const char* environment;
  const char* help;
  std::string Typed::*into;
};

constexpr std::array kOptionRows = {
    OptionRow{"-h,--host", "-h, --host HOST", "MYDHT_HOST",
              "the node to ask, [::1] for IPv6 (default: localhost);\n"
              "                            several, a:50140,b:50141: the next one is asked if one cannot",
              &Typed::host},
    OptionRow{"-p,--port", "-p, --port PORT", "MYDHT_PORT", "the port of a HOST that names none (default: 50140)",
              &Typed::port},
    OptionRow{"-c,--command", "-c, --command COMMAND", "", "the command; may stand without -c, the key after it",
              &Typed::command},
    OptionRow{"-k,--key", "-k, --key KEY", "", "the key: any text of 1 to 2048 bytes", &Typed::key},
    OptionRow{"--val,--value", "-val, --value VALUE", "", "put: this text is the value", &Typed::value},
    OptionRow{"-f,--file", "-f, --file FILE", "", "put: the bytes of FILE are the value, - for standard input",
              &Typed::file},
    OptionRow{"-o,--output", "-o, --output FILE", "",
              "get: write the value to FILE, which appears only when whole;\n"
              "                            - for the bytes alone on standard output",
              &Typed::output},
    OptionRow{"--secret-file", "--secret-file FILE", "", "the first line of FILE is the ring's secret",
              &Typed::secretFile},
    OptionRow{"--timeout", "--timeout SECONDS", "", "give up when nothing moves for so long (default: 30)",
              &Typed::timeout},
};

CommandLine wrong(std::string complaint) {
  CommandLine line;
  line.complaint = std::move(complaint);
  return line;
}

/// Whether the word is an option whose value is the next word.
bool takesNextWord(const std::string& word) {
  return std::any_of(kOptionRows.begin(), kOptionRows.end(), [&](const OptionRow& row) {
    return fmt::format(",{},", row.flags).find(fmt::format(",{},", word)) != std::string::npos;
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

bool given(const CLI::App& app, const char* name) {
  return app.count(name) > 0;
}

std::optional<std::string> textIf(const CLI::App& app, const char* name, const std::string& text) {
  return given(app, name) ? std::optional(text) : std::nullopt;
}

/// Puts the words without an option where -c and -k would have put them.
Status placeBareWords(const CLI::App& app, Typed& typed) {
  std::size_t next = 0;
  if (!given(app, "-c") && next < typed.bare.size()) typed.command = typed.bare[next++];
  if (!given(app, "-k") && next < typed.bare.size()) typed.key = typed.bare[next++];
  if (next < typed.bare.size()) return Error{Kind::BadRequest, fmt::format("what is '{}'?", typed.bare[next])};
  return {};
}

Status checkArguments(const CLI::App& app, const Typed& typed, const Command& command) {
  const auto refuse = [](std::string text) { return Error{Kind::BadRequest, std::move(text)}; };
  const bool value = given(app, "--val");
  const bool file = given(app, "-f");
  if (command.takesKey && typed.key.empty()) return refuse(fmt::format("{} needs a key: -k KEY", command.name));
  if (!command.takesKey && !typed.key.empty()) return refuse(fmt::format("{} takes no key", command.name));
  if (value && file) return refuse("give the value by -val or by -f, not by both");
  if (command.takesValue && !value && !file) {
    return refuse(fmt::format("{} needs a value: -val VALUE or -f FILE", command.name));
  }
  if (!command.takesValue && (value || file)) return refuse(fmt::format("{} takes no value", command.name));
  if (!command.takesOutput && given(app, "-o")) return refuse(fmt::format("{} takes no -o", command.name));
  if ((file && typed.file.empty()) || (given(app, "-o") && typed.output.empty())) return refuse("a file needs a name");
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

Result<std::chrono::seconds> patienceOf(const CLI::App& app, const Typed& typed) {
  if (!given(app, "--timeout")) return Options{}.patience;
  unsigned seconds = 0;
  const char* end = typed.timeout.data() + typed.timeout.size();
  const auto [stop, error] = std::from_chars(typed.timeout.data(), end, seconds);
  constexpr unsigned kDay = 86400;
  if (error != std::errc() || stop != end || seconds == 0 || seconds > kDay) {
    return Error{Kind::BadRequest, fmt::format("'{}' is no number of seconds from 1 to {}", typed.timeout, kDay)};
  }
  return std::chrono::seconds(seconds);
}

/// From text that CLI11 took apart to checked options.
CommandLine check(const CLI::App& app, Typed typed, std::span<const Command> commands) {
  if (const Status placed = placeBareWords(app, typed); !placed) return wrong(placed.error().text);
  if (typed.command.empty()) return wrong("which command? -c COMMAND");
  const auto command =
      std::find_if(commands.begin(), commands.end(), [&](const Command& row) { return row.name == typed.command; });
  if (command == commands.end()) return wrong(fmt::format("unknown command '{}'", typed.command));
  if (const Status fine = checkArguments(app, typed, *command); !fine) return wrong(fine.error().text);
  auto nodes = nodesOf(app, typed);
  if (!nodes) return wrong(nodes.error().text);
  const auto patience = patienceOf(app, typed);
  if (!patience) return wrong(patience.error().text);

  CommandLine line;
  line.wish = CommandLine::Wish::Run;
  line.command = &*command;
  line.options.nodes = std::move(*nodes);
  line.options.key = typed.key;
  line.options.value = textIf(app, "--val", typed.value);
  line.options.file = textIf(app, "-f", typed.file);
  line.options.output = textIf(app, "-o", typed.output);
  line.options.secretFile = textIf(app, "--secret-file", typed.secretFile);
  line.options.patience = *patience;
  return line;
}

}  // namespace

CommandLine parseCommandLine(std::vector<std::string> words, std::span<const Command> commands) {
  CLI::App app;
  app.set_help_flag("--help");  // CLI11 would take -h, which is the host, and always was
  bool version = false;
  app.add_flag("--version", version);
  Typed typed;
  for (const OptionRow& row : kOptionRows) {
    CLI::Option* option = app.add_option(row.flags, typed.*row.into);
    if (*row.environment != '\0') option->envname(row.environment);
  }
  app.add_option("bare", typed.bare);

  rewriteVal(words);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    CommandLine line;
    line.wish = CommandLine::Wish::Help;
    return line;
  } catch (const CLI::ParseError& error) {
    std::string complaint = error.what();
    std::replace(complaint.begin(), complaint.end(), '\n', ' ');
    return wrong(std::move(complaint));
  }
  if (version) {
    CommandLine line;
    line.wish = CommandLine::Wish::Version;
    return line;
  }
  return check(app, std::move(typed), commands);
}

std::string usage(std::span<const Command> commands) {
  std::string text =
      "usage: mydhtclient [-h HOST] [-p PORT] -c COMMAND [-k KEY] [-val VALUE | -f FILE] [-o FILE]\n"
      "       mydhtclient [-h HOST] [-p PORT] COMMAND [KEY] [-val VALUE | -f FILE] [-o FILE]\n"
      "\ncommands:\n";
  for (const Command& command : commands) {
    text += fmt::format("  {:<10}{:<30}  {}\n", command.name, command.arguments, command.help);
  }
  text += "\noptions:\n";
  for (const OptionRow& row : kOptionRows) {
    text += fmt::format("  {:<24}  {}\n", row.shown, row.help);
    if (*row.environment != '\0') text += fmt::format("  {:<24}  also from the environment: {}\n", "", row.environment);
  }
  text += fmt::format("  {:<24}  this text\n  {:<24}  the program's version\n", "--help", "--version");
  text += "\nexit status: 0 done; 1 not done, the reason is on standard error; 2 wrong usage\n";
  return text;
}

}  // namespace mydht::client
