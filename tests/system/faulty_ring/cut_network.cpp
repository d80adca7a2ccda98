#include "tests/system/faulty_ring/cut_network.h"

#include <sched.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "tests/support/files/temp_directory.h"
#include "tests/support/processes/process.h"

namespace mydht {
namespace {

// Users that no system gives to anybody.
constexpr unsigned kFirstUser = 61000;

std::string userOf(std::size_t node) {
  return std::to_string(kFirstUser + node);
}

std::string must(std::vector<std::string> command) {
  const support::TempDirectory directory;
  const std::string name = command.front();
  const auto done = support::runToEnd(std::move(command), directory.path());
  if (done.status == 0) return done.output;
  const std::string how = done.status < 0 ? "has not ended" : "ends with " + std::to_string(done.status);
  throw std::runtime_error(name + " " + how + ": " + done.output + done.errors);
}

}  // namespace

CutNetwork::CutNetwork() {
  if (::unshare(CLONE_NEWNET) != 0)
    throw std::runtime_error(std::string("a network namespace of its own: ") + std::strerror(errno));
  must({"/usr/sbin/ip", "link", "set", "lo", "up"});
  must({"/usr/sbin/nft",
        "table inet cuts { set pairs { type uid . inet_service; }; chain out { type filter hook output priority 0; "
        "meta skuid . tcp dport @pairs counter drop; }; }"});
}

std::vector<std::string> CutNetwork::asUserOf(std::size_t node) {
  const std::string rights = "+dac_override,+dac_read_search,+fowner";
  return {"/usr/bin/setpriv", "--reuid", userOf(node), "--clear-groups", "--inh-caps", rights, "--ambient-caps", rights,
          "--pdeathsig",      "KILL"};
}

void CutNetwork::cut(const std::vector<Way>& ways) {
  std::string pairs;
  for (const Way& way : ways) {
    if (!pairs.empty()) pairs += ", ";
    pairs += userOf(way.from) + " . " + std::to_string(way.port);
  }
  must({"/usr/sbin/nft", "add element inet cuts pairs { " + pairs + " }"});
}

std::uint64_t CutNetwork::stopped() {
  const std::string rules = must({"/usr/sbin/nft", "list", "chain", "inet", "cuts", "out"});
  constexpr std::string_view kCounter = "counter packets ";
  const std::size_t at = rules.find(kCounter);
  if (at == std::string::npos) throw std::runtime_error("nft tells no counter: " + rules);
  return std::stoull(rules.substr(at + kCounter.size()));
}

void CutNetwork::heal() {
  must({"/usr/sbin/nft", "flush set inet cuts pairs"});
}

}  // namespace mydht
