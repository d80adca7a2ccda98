#include "tests/simulation/stack/scenario.h"

#include <fmt/format.h>

#include <cstdlib>

#include "common/hash/position.h"
#include "tests/simulation/stack/checkers/convergence.h"
#include "tests/simulation/stack/checkers/linearizability.h"

namespace mydht::simulation {
namespace {

constexpr unsigned kKeys = 40;
constexpr std::uint64_t kSeed = 7;
// What ends when the next thing begins would count as concurrent.
constexpr Duration kBreath = std::chrono::milliseconds(1);

/// MYDHT_TRACE=1 prints everything that happens, for whoever debugs a scenario.
bool wantsTrace() {
  return std::getenv("MYDHT_TRACE") != nullptr;
}

}  // namespace

Scenario::Scenario(bool bug)
    : ring(kSeed, wantsTrace()),
      observer(ring),
      copies(ring),
      removals(ring, copies),
      queues(ring),
      workload(ring, copies, {}),
      withBug(bug) {
  // What heals by itself would hide what a script is about; scripts about balance and purge ask for them.
  ring.settings.timing.balance = Duration(0);
  ring.settings.timing.purge = Duration(0);
  ring.settings.timing.settling = Duration(0);
  ring.settings.hints.most = 0;
  ring.network.rule = [this](const SimMessage& message) { return judge(message); };
  queues.start();
}

Scenario::~Scenario() {
  // Operations under way write into the workload: they end before it goes.
  queues.stop();
  ring.shutDown();
}

std::string Scenario::nameOf(unsigned number) const {
  return fmt::format("node{}:50140", number);
}

Verdict Scenario::judge(const SimMessage& message) {
  if (message.isAnswer) {
    const auto answer = wire::unpackAnswer(message.answer);
    if (answer && answer->error) ++errors_[{message.type, answer->error->kind}];
    return Verdict::Deliver;
  }
  ++requests_[{message.to, message.type}];
  for (const Rule& rule : rules_) {
    if (rule.type != message.type) continue;
    if (rule.from != kAny && nameOf(rule.from) != message.from) continue;
    if (rule.to != kAny && nameOf(rule.to) != message.to) continue;
    return rule.verdict;
  }
  return Verdict::Deliver;
}

void Scenario::deafen(unsigned node) {
  drop(Type::Adopt, kAny, node);
  drop(Type::Filled, kAny, node);
  drop(Type::GetView, node, kAny);  // gossip tells it of addresses, and that there is something newer
}

void Scenario::kill(unsigned number) {
  node(number).kill();
  await([&] { return node(number).down(); }, "a killed node is down");
}

void Scenario::start(unsigned number) {
  node(number).start({});
  await([&] { return node(number).up() && node(number).node().membership().confirmed(); }, "a started node serves");
}

void Scenario::letGo() {
  ring.network.releaseHeld();
}

SimNode& Scenario::join(unsigned seed) {
  SimNode& joiner = ring.add();
  joiner.start({nameOf(seed)});
  return joiner;
}

SimNode& Scenario::joinUnfilled(unsigned seed) {
  const auto number = static_cast<unsigned>(ring.size());
  drop(Type::FillPage, number, kAny);
  SimNode& joiner = join(seed);
  await([&] { return joiner.up(); }, "the joiner is a member");
  kill(number);
  await([&] { return !changing(seed); }, "a complete version");
  start(number);
  await([&] { return knows(number, newest(seed)) && !changing(number); }, "the joiner knows that it is complete");
  return joiner;
}

void Scenario::await(const std::function<bool()>& condition, const std::string& what, Duration within) {
  if (!ring.await(condition, within)) stuck_.push_back("in vain awaited: " + what);
}

void Scenario::awaitWithout(unsigned frozen, const std::function<bool()>& condition, const std::string& what) {
  node(frozen).executor().pause();
  await(condition, what);
  node(frozen).executor().resume();
}

std::size_t Scenario::put(unsigned number, const std::string& key, bool large, Consistency consistency) {
  const std::size_t operation = workload.put(node(number), key, large, consistency);
  finish(operation);
  return operation;
}

std::size_t Scenario::get(unsigned number, const std::string& key, Consistency consistency) {
  const std::size_t operation = workload.get(node(number), key, consistency);
  finish(operation);
  return operation;
}

std::size_t Scenario::del(unsigned number, const std::string& key, Consistency consistency) {
  const std::size_t operation = workload.del(node(number), key, consistency);
  finish(operation);
  return operation;
}

void Scenario::finish(std::size_t operation) {
  await([&] { return workload.over(operation); }, "the end of " + describe(at(operation)));
  run(kBreath);
}

namespace {

Task<> actOnce(cluster::Node& node, wire::Action message, wire::ActionAnswer& answer, bool& asked) {
  auto said = co_await node.actions().act(message);
  if (said) answer = *said;
  asked = true;
}

}  // namespace

wire::ActionAnswer Scenario::act(unsigned number, wire::ActionKind kind) {
  const wire::Action message{kind, ++runs_};
  wire::ActionAnswer answer;
  const auto isOver = [&] {
    bool asked = false;
    node(number).spawn(actOnce(node(number).node(), message, answer, asked));
    await([&] { return asked; }, "an answer about an action");
    if (answer.state == wire::ActionState::Running) run(std::chrono::milliseconds(50));
    return answer.state != wire::ActionState::Running;
  };
  for (int polls = 0; polls < 2000; ++polls) {
    if (isOver()) return answer;
  }
  stuck_.push_back("an action does not end");
  return answer;
}

bool Scenario::changing(unsigned number) {
  return node(number).node().status().changing;
}

ring::VersionName Scenario::newest(unsigned number) {
  return node(number).node().membership().view()->newest().name();
}

bool Scenario::knows(unsigned number, const ring::VersionName& version) {
  return node(number).up() && newest(number) >= version;
}

std::vector<std::string> Scenario::keys() {
  std::vector<std::string> all;
  for (unsigned i = 0; i < kKeys; ++i) all.push_back(fmt::format("k{}", i));
  return all;
}

std::string Scenario::keyOf(unsigned asKnownBy, const std::set<unsigned>& homes) {
  std::set<std::string> wanted;
  for (const unsigned home : homes) wanted.insert(nameOf(home));
  for (const std::string& key : keys()) {
    const auto names = node(asKnownBy).node().whereIs(key);
    if (std::set<std::string>(names.begin(), names.end()) == wanted) return key;
  }
  stuck_.push_back("no key has the home nodes that the script needs");
  return "k0";
}

void Scenario::mustBe(bool holds, const std::string& what) {
  if (!holds) found_.push_back("script: " + what);
}

void Scenario::mustConverge() {
  const std::string why = whyNotConverged();
  if (!why.empty()) found_.push_back("C4: " + why);
}

std::string Scenario::whyNotConverged() {
  return simulation::whyNotConverged(ring, copies);
}

std::vector<std::string> Scenario::broken() const {
  std::vector<std::string> all = found_;
  for (const auto& list : {observer.broken(), removals.broken(), queues.broken(), workload.broken()})
    all.insert(all.end(), list.begin(), list.end());
  if (auto why = whyNotLinearizable(workload.history())) all.push_back("C1: " + *why);
  return all;
}

unsigned Scenario::errors(Type type, Kind kind) const {
  const auto at = errors_.find({type, kind});
  return at == errors_.end() ? 0 : at->second;
}

unsigned Scenario::requests(unsigned to, Type type) const {
  const auto at = requests_.find({nameOf(to), type});
  return at == requests_.end() ? 0 : at->second;
}

}  // namespace mydht::simulation
