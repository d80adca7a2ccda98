#include <fmt/core.h>

#include <string>
#include <vector>

#include "client/commands/table.h"
#include "client/key_input.h"
#include "client/nodes.h"
#include "client/options.h"
#include "client/output.h"
#include "client/report.h"
#include "client/signer.h"
#include "common/protocol/key_rules.h"

namespace mydht::client {

namespace {

constexpr int kDone = 0;
constexpr int kNotDone = 1;
constexpr int kWrongUsage = 2;

int exitStatus(const Options& options, const Status& done) {
  if (done) return kDone;
  reportError(options, done.error());
  return kNotDone;
}

Status runOnce(const Command& command, const Options& options, Nodes& nodes) {
  if (command.key == KeyUse::Key) {
    if (const Status fine = protocol::checkKey(options.key); !fine) return fine;
  }
  return command.run(options, nodes);
}

/// Runs the command for each key on standard input. What fails for one is told at once and does not stop the others.
int runForEachKey(const Command& command, Options options, Nodes& nodes) {
  KeyInput keys(options.zeroEnds);
  int exit = kDone;
  while (true) {
    auto key = keys.next();
    if (!key) return exitStatus(options, key.error());
    if (!*key) return exit;
    options.key = std::move(**key);
    const Status done = runOnce(command, options, nodes);
    if (done) continue;
    reportError(options, done.error(), options.key);
    exit = kNotDone;
  }
}

int run(const Command& command, const Options& options) {
  std::optional<Signer> signer;
  if (options.secretFile) {
    auto read = Signer::fromFile(*options.secretFile);
    if (!read) return exitStatus(options, read.error());
    signer = std::move(*read);
  }
  Patience patience;
  patience.progress = options.patience;
  Nodes nodes(options.nodes, patience, std::move(signer));
  if (options.keysFromInput) return runForEachKey(command, options, nodes);
  return exitStatus(options, runOnce(command, options, nodes));
}

int refuse(const CommandLine& line) {
  std::string text = line.complaint;
  if (!line.options.json) text += "\n" + usage(commands::table());
  reportError(line.options, {Kind::BadRequest, text});
  return kWrongUsage;
}

int act(const CommandLine& line) {
  switch (line.wish) {
    case CommandLine::Wish::Run:
      return run(*line.command, line.options);
    case CommandLine::Wish::Help:
      return exitStatus(line.options, printLine(usage(commands::table())));
    case CommandLine::Wish::Version:
      return exitStatus(line.options, printLine("mydhtclient " MYDHT_VERSION));
    case CommandLine::Wish::Wrong:
      return refuse(line);
  }
  invariantBroken("a known wish", __FILE__, __LINE__);
}

}  // namespace

}  // namespace mydht::client

int main(int argc, char** argv) {
  using namespace mydht::client;
  return act(parseCommandLine({argv + 1, argv + argc}, commands::table()));
}
