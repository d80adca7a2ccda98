#include <fmt/core.h>

#include <cstdio>
#include <string>
#include <vector>

#include "client/commands/table.h"
#include "client/nodes.h"
#include "client/options.h"
#include "client/output.h"
#include "client/signer.h"
#include "common/protocol/key_rules.h"

namespace mydht::client {

namespace {

constexpr int kDone = 0;
constexpr int kNotDone = 1;
constexpr int kWrongUsage = 2;

Status run(const Command& command, const Options& options) {
  if (command.takesKey) {
    if (const Status fine = protocol::checkKey(options.key); !fine) return fine;
  }
  std::optional<Signer> signer;
  if (options.secretFile) {
    auto read = Signer::fromFile(*options.secretFile);
    if (!read) return read.error();
    signer = std::move(*read);
  }
  Patience patience;
  patience.progress = options.patience;
  Nodes nodes(options.nodes, patience, std::move(signer));
  return command.run(options, nodes);
}

Status act(const CommandLine& line) {
  switch (line.wish) {
    case CommandLine::Wish::Run:
      return run(*line.command, line.options);
    case CommandLine::Wish::Help:
      return printLine(usage(commands::table()));
    case CommandLine::Wish::Version:
      return printLine("mydhtclient " MYDHT_VERSION);
    case CommandLine::Wish::Wrong:
      break;
  }
  return Error{Kind::BadRequest, fmt::format("{}\n{}", line.complaint, usage(commands::table()))};
}

}  // namespace

}  // namespace mydht::client

int main(int argc, char** argv) {
  using namespace mydht::client;
  const CommandLine line = parseCommandLine({argv + 1, argv + argc}, commands::table());
  const mydht::Status done = act(line);
  if (done) return kDone;
  fmt::print(stderr, "{}\n", done.error().text);
  return line.wish == CommandLine::Wish::Wrong ? kWrongUsage : kNotDone;
}
