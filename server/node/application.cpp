#include "server/node/application.h"

#include <Poco/Util/ServerApplication.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "server/node/options.h"
#include "server/node/program.h"
#include "server/node/real_world.h"
#include "server/node/secret_file.h"
#include "server/runtime/listening.h"
#include "server/runtime/open_files.h"
#include "server/runtime/signals.h"

namespace mydht::node {
namespace {

/// Below this half of them are too few connections for a ring.
constexpr std::size_t kLeastFiles = 256;

/// POCO's part of the process. Made once, in runApplication; main thread.
class Application final : public Poco::Util::ServerApplication {
 public:
  explicit Application(Options options) : options_(std::move(options)) {}

 protected:
  int main(const std::vector<std::string>&) override {
    while (true) {
      auto program = Program::build(options_);
      if (!program) {
        std::fprintf(stderr, "mydhtserver: %s\n", program.error().text.c_str());
        return EXIT_SOFTWARE_FAILED;
      }
      const int status = (*program)->run();
      if (!(*program)->startsAnew()) return status;
      options_.port = (*program)->port();
    }
  }

 private:
  static constexpr int EXIT_SOFTWARE_FAILED = 1;
  Options options_;
};

int serve(const Options& options, char* name) {
  runtime::blockSignals();
  // Connections and files need descriptors: as many as the system grants.
  const std::size_t files = runtime::raiseOpenFileLimit();
  if (files < kLeastFiles) {
    std::fprintf(stderr,
                 "mydhtserver: only %zu open files are allowed, and it needs %zu: raise the limit (ulimit -n)\n", files,
                 kLeastFiles);
    return 1;
  }
  // POCO installs handlers that would hide what a sanitizer or a core dump has to tell.
  constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGILL};
  std::array<struct sigaction, kFaults.size()> before{};
  for (std::size_t i = 0; i < kFaults.size(); ++i) ::sigaction(kFaults[i], nullptr, &before[i]);
  Application application(options);
  for (std::size_t i = 0; i < kFaults.size(); ++i) ::sigaction(kFaults[i], &before[i], nullptr);
  char* arguments[] = {name, nullptr};  // its own options (--daemon, --pidfile) are not ours
  return application.run(1, arguments);
}

int print(const std::string& text) {
  const bool done = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return done ? 0 : 1;
}

int fail(const Error& error) {
  std::fprintf(stderr, "mydhtserver: %s\n", error.text.c_str());
  return 1;
}

/// A name that the members of another machine's ring cannot call back.
bool cannotJoinFromAfar(const Options& options) {
  const auto isElsewhere = [](const std::string& seed) {
    const std::string host = seed.substr(0, seed.rfind(':'));
    return host != "[::1]" && !isLoopback(host);
  };
  return isLoopback(options.host) && std::any_of(options.seeds.begin(), options.seeds.end(), isElsewhere);
}

/// What can be found wrong without touching port or data is.
int checkConfig(const Options& options) {
  if (cannotJoinFromAfar(options)) {
    std::fprintf(stderr,
                 "mydhtserver: host is %s, a loopback name: a ring on other machines refuses it; set it to the name by "
                 "which they reach this one\n",
                 options.host.c_str());
  }
  if (!options.secretFile.empty()) {
    const auto secret = readSecretFile(options.secretFile);
    if (!secret) return fail(secret.error());
  }
  const Status listens = runtime::checkAddresses(bindAddresses(options));
  if (!listens) return fail(listens.error());
  return print(configText(options));
}

int makeSecret(const std::string& path) {
  KernelRandom random;
  const Status written = writeNewSecret(path, random);
  if (!written) return fail(written.error());
  return print("new secret in " + path + ": give every node of the ring, and who may write to it, a copy\n");
}

}  // namespace

int runApplication(int argc, char** argv) {
  const auto invocation = readOptions({argv + 1, argv + argc}, [](const char* name) { return std::getenv(name); });
  if (!invocation) {
    std::fprintf(stderr, "mydhtserver: %s\nusage: mydhtserver [OPTIONS]; mydhtserver --help lists them\n",
                 invocation.error().text.c_str());
    return 2;
  }
  switch (invocation->action) {
    case Action::ShowHelp:
      return print(helpText());
    case Action::ShowVersion:
      return print("mydhtserver " + programVersion() + "\n");
    case Action::CheckConfig:
      return checkConfig(invocation->options);
    case Action::PrintConfig:
      return print(commentedConfigText(invocation->options));
    case Action::NewSecret:
      return makeSecret(invocation->options.newSecretFile);
    case Action::Serve:
      break;
  }
  return serve(invocation->options, argv[0]);
}

}  // namespace mydht::node
