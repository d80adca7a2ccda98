#include "server/node/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <set>

#include "server/node/option_rows.h"
#include "server/runtime/listening.h"

namespace mydht::node {
namespace {

namespace po = boost::program_options;

/// One source of options, in its order: names and values as they were written.
using Given = std::vector<std::pair<std::string, std::string>>;

/// The rows as Boost wants them, which takes every value as text; the rows check it.
po::options_description description(bool forFile) {
  po::options_description all;
  for (const OptionRow& row : optionRows()) {
    if (forFile && row.show == nullptr) continue;
    std::string names(row.name);
    if (row.letter != 0 && !forFile) names += fmt::format(",{}", row.letter);
    auto* const value = po::value<std::vector<std::string>>()->composing();
    if (row.unit.empty()) value->implicit_value({"true"}, "true");
    all.add_options()(names.c_str(), value);
  }
  return all;
}

Given givenBy(const po::parsed_options& parsed) {
  Given given;
  for (const auto& option : parsed.options) {
    if (option.value.empty()) given.emplace_back(option.string_key, "true");
    for (const std::string& value : option.value) given.emplace_back(option.string_key, value);
  }
  return given;
}

/// The border to Boost: its exceptions become errors.
Result<Given> fromCommandLine(const std::vector<std::string>& arguments) {
  try {
    const po::options_description all = description(false);
    namespace style = po::command_line_style;
    const int strict = style::unix_style & ~style::allow_guessing;
    const po::positional_options_description none;
    const auto parsed = po::command_line_parser(arguments).options(all).positional(none).style(strict).run();
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0 || option.string_key.empty()) {
        return Error{Kind::BadRequest, fmt::format("'{}' is no option", option.value.empty() ? "" : option.value[0])};
      }
    }
    return givenBy(parsed);
  } catch (const po::too_many_positional_options_error&) {
    return Error{Kind::BadRequest, "there are words that belong to no option"};
  } catch (const po::error& problem) {
    return Error{Kind::BadRequest, problem.what()};
  }
}

Result<Given> fromFile(const std::string& path) {
  try {
    return givenBy(po::parse_config_file(path.c_str(), description(true), false));
  } catch (const po::error& problem) {
    return Error{Kind::BadRequest, fmt::format("config file {}: {}", path, problem.what())};
  }
}

std::string variableOf(const OptionRow& row) {
  std::string name = "MYDHT_";
  for (const char c : row.name) name += c == '-' ? '_' : static_cast<char>(c - ('a' <= c && c <= 'z' ? 'a' - 'A' : 0));
  return name;
}

Given fromEnvironment(const Environment& environment) {
  Given given;
  for (const OptionRow& row : optionRows()) {
    if (row.set == nullptr) continue;
    const char* const value = environment(variableOf(row).c_str());
    if (value != nullptr) given.emplace_back(row.name, value);
  }
  return given;
}

const OptionRow* rowOf(std::string_view name) {
  const auto& rows = optionRows();
  const auto row = std::find_if(rows.begin(), rows.end(), [name](const OptionRow& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

Status setAll(const OptionRow& row, Options& options, const std::string& value) {
  if (row.set == nullptr) return {};
  std::string_view rest = value;
  while (true) {
    const std::size_t comma = row.repeatable ? rest.find(',') : std::string_view::npos;
    const Status done = row.set(options, std::string(rest.substr(0, comma)));
    if (!done) return Error{Kind::BadRequest, fmt::format("--{} {}", row.name, done.error().text)};
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
}

/// Takes from a source what no earlier one has said.
Status take(const Given& given, Options& options, std::set<std::string>& said) {
  std::set<std::string> here;
  for (const auto& [name, value] : given) {
    const OptionRow* const row = rowOf(name);
    MYDHT_ASSERT(row != nullptr);
    if (said.contains(name)) continue;
    const bool again = !here.insert(name).second;
    if (again && !row->repeatable) return Error{Kind::BadRequest, fmt::format("--{} is there twice", name)};
    const Status done = setAll(*row, options, value);
    if (!done) return done;
  }
  said.merge(here);
  return {};
}

Action actionOf(const std::set<std::string>& said) {
  if (said.contains("help")) return Action::ShowHelp;
  if (said.contains("version")) return Action::ShowVersion;
  if (said.contains("new-secret")) return Action::NewSecret;
  if (said.contains("print-config")) return Action::PrintConfig;
  return said.contains("check-config") ? Action::CheckConfig : Action::Serve;
}

constexpr std::size_t kColumns = 100;

/// Words in lines of at most 100 columns, each but the first behind `margin`.
std::string wrapped(std::string_view text, std::string_view margin) {
  const std::size_t indent = margin.size();
  std::string lines;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column > indent && column + 1 + word.size() > kColumns) {
      lines.append("\n").append(margin);
      column = indent;
    } else if (column > indent) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines;
}

}  // namespace

Result<Invocation> readOptions(const std::vector<std::string>& arguments, const Environment& environment) {
  Invocation invocation;
  std::set<std::string> said;
  const auto line = fromCommandLine(arguments);
  if (!line) return line.error();
  Status done = take(*line, invocation.options, said);
  invocation.action = actionOf(said);
  if (!done) return done.error();
  const bool needsNoMore = invocation.action == Action::ShowHelp || invocation.action == Action::ShowVersion ||
                           invocation.action == Action::NewSecret;
  if (needsNoMore) return invocation;
  done = take(fromEnvironment(environment), invocation.options, said);
  if (!done) return done.error().within("environment");
  const std::string file = invocation.options.configFile;
  if (file.empty()) return invocation;
  const auto fileOptions = fromFile(file);
  if (!fileOptions) return fileOptions.error();
  done = take(*fileOptions, invocation.options, said);
  if (!done) return done.error().within("config file " + file);
  return invocation;
}

std::string helpText() {
  constexpr std::size_t kIndent = 30;
  std::string text =
      "mydhtserver: one node of a ring that keeps your keys and files\n"
      "usage: mydhtserver [-h HOST] [-p PORT] [-s HOST:PORT]... [-r COPIES] [-d DIRECTORY] [-v] [-l FILE]\n\n";
  for (const OptionRow& row : optionRows()) {
    std::string left =
        row.letter != 0 ? fmt::format("  -{}, --{}", row.letter, row.name) : fmt::format("      --{}", row.name);
    if (!row.unit.empty()) left += fmt::format(" {}", row.unit);
    std::string right(row.consequence);
    if (row.repeatable) right += "; may be given several times";
    if (!row.fallback.empty()) right += fmt::format(" (default: {})", row.fallback);
    text += fmt::format("{:<{}}{}\n", left, kIndent, wrapped(right, std::string(kIndent, ' ')));
  }
  text +=
      "\nEach option may also stand in the environment, as MYDHT_NAME (MYDHT_SECRET_FILE, MYDHT_SERVER=a:1,b:2), and "
      "in\n"
      "the file that --config names (`name = value`). SIGTERM stops the node, which keeps its place in the ring.\n"
      "SIGINT (Ctrl-C) hands over what the node has and leaves the ring; a second one stops at once.\n";
  return text;
}

std::string configText(const Options& options) {
  std::string text;
  for (const OptionRow& row : optionRows()) {
    if (row.show == nullptr) continue;
    const std::string value = row.show(options);
    // What is empty counts as not given, and a line that says so could not be read again.
    text += value.empty()
                ? fmt::format("# {} is not set{}{}\n", row.name, row.fallback.empty() ? "" : ": ", row.fallback)
                : fmt::format("{} = {}\n", row.name, value);
  }
  return text;
}

std::string commentedConfigText(const Options& options) {
  constexpr std::string_view kMargin = "# ";
  std::string text =
      "# Options of mydhtserver, one `name = value` a line. What begins with # does not count.\n"
      "# `mydhtserver --config FILE --check-config` checks a file like this one.\n";
  const Options defaults;
  for (const OptionRow& row : optionRows()) {
    if (row.show == nullptr) continue;
    std::string comment(row.consequence);
    if (row.repeatable) comment += "; may be given several times";
    if (!row.fallback.empty()) comment += fmt::format(" (default: {})", row.fallback);
    text += fmt::format("\n{}{}\n", kMargin, wrapped(comment, kMargin));
    const std::string value = row.show(options);
    if (value != row.show(defaults)) {
      text += fmt::format("{} = {}\n", row.name, value);
    } else {
      text += fmt::format("#{} = {}\n", row.name, value.empty() ? row.unit : value);
    }
  }
  return text;
}

std::string hostPortOf(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

bool isLoopback(const std::string& host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1";
}

std::vector<std::string> bindAddresses(const Options& options) {
  if (!options.bind.empty()) return options.bind;
  return isLoopback(options.host) ? runtime::loopbackAddresses() : runtime::everyAddress();
}

}  // namespace mydht::node
