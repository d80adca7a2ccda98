#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/stack/checkers/queues.h"
#include "tests/simulation/stack/checkers/removals.h"
#include "tests/simulation/stack/observer.h"
#include "tests/simulation/stack/workload.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// A scripted order of events on a small ring: messages of chosen kinds are dropped or held, nodes are killed and
/// started, clients ask through chosen nodes; broken() says afterwards what the checkers of the simulation found, and
/// what the script itself saw broken. No loss and no chance but the seed's delays. Owned by a test; one thread.
class Scenario {
 public:
  using Type = wire::MessageType;
  /// Any node, where a node's number is asked for.
  static constexpr unsigned kAny = 1000;

  /// With the bug that is to be found, or without.
  explicit Scenario(bool withBug = false);
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;
  ~Scenario();

  SimRing ring;
  Observer observer;
  Copies copies;
  Removals removals;
  Queues queues;
  Workload workload;
  const bool withBug;

  SimNode& node(unsigned number) { return ring[number]; }
  /// Requests of this type from one node to the other never arrive any more.
  void drop(Type type, unsigned from, unsigned to) { rules_.push_back({type, from, to, Verdict::Drop}); }
  /// Requests of this type wait until letGo().
  void hold(Type type, unsigned from, unsigned to) { rules_.push_back({type, from, to, Verdict::Hold}); }
  /// The node hears of changes of the ring only by being refused.
  void deafen(unsigned node);
  /// No rule holds any more; what is held stays so until letGo().
  void forgetRules() { rules_.clear(); }
  void letGo();

  /// Adds a node and starts it as a joiner of node `seed`; returns at once.
  SimNode& join(unsigned seed);
  /// The same, and waits until it is a member of a complete version and has filled nothing: it was down in between, and
  /// what it asks to be filled with is lost until forgetRules().
  SimNode& joinUnfilled(unsigned seed);
  /// Kills a node, and waits until it is down.
  void kill(unsigned number);
  /// Starts it again without seeds, and waits until it serves.
  void start(unsigned number);
  /// Waits; a condition that does not come to hold is a fault of the script or of the ring.
  void await(const std::function<bool()>& condition, const std::string& what,
             Duration within = std::chrono::minutes(2));
  /// Waits while a node is frozen, so that nothing waits for that one.
  void awaitWithout(unsigned frozen, const std::function<bool()>& condition, const std::string& what);
  void awaitQuiet() {
    await([this] { return ring.quiet(); }, "a quiet ring");
  }
  void run(Duration duration) { ring.time.runFor(duration); }

  /// One operation through a node, waited for; its place in the workload's history.
  using Consistency = cluster::Consistency;
  std::size_t put(unsigned node, const std::string& key, bool large = false, Consistency = Consistency::Quorum);
  std::size_t get(unsigned node, const std::string& key, Consistency = Consistency::Quorum);
  std::size_t del(unsigned node, const std::string& key, Consistency = Consistency::Quorum);
  void finish(std::size_t operation);
  const Operation& at(std::size_t operation) const { return workload.at(operation); }
  bool done(std::size_t operation) const { return at(operation).outcome == Outcome::Done; }

  /// Lets a node do what people ask for, on itself alone, and waits for its end.
  wire::ActionAnswer act(unsigned node, wire::ActionKind kind);

  /// Whether the node knows of a change of the ring under way; not one that is down.
  bool changing(unsigned node);
  bool knows(unsigned node, const ring::VersionName& version);
  /// The newest version that a node knows.
  ring::VersionName newest(unsigned node);
  /// One of the keys "k0" to "k39" whose home nodes in that node's newest version are exactly these.
  std::string keyOf(unsigned asKnownBy, const std::set<unsigned>& homes);
  static std::vector<std::string> keys();

  /// A finding of the script's own: broken unless it holds.
  void mustBe(bool holds, const std::string& what);
  /// C4, at this moment.
  void mustConverge();
  /// Why the home nodes are not equal yet, or something is left that should not be (C4).
  std::string whyNotConverged();
  /// C1, C2, C3, C5 to C8 and the script's findings; empty: all promises held.
  std::vector<std::string> broken() const;
  /// Where the script did not get to its point, so that it proves nothing.
  const std::vector<std::string>& stuck() const { return stuck_; }
  /// How many answers of that type were errors of that kind.
  unsigned errors(Type type, Kind kind) const;
  /// How many requests of that type were sent to that node so far, whether or not they arrived.
  unsigned requests(unsigned to, Type type) const;

 private:
  struct Rule {
    Type type;
    unsigned from;
    unsigned to;
    Verdict verdict;
  };
  Verdict judge(const SimMessage& message);
  std::string nameOf(unsigned number) const;

  std::vector<Rule> rules_;
  std::vector<std::string> found_;
  std::vector<std::string> stuck_;
  std::map<std::pair<Type, Kind>, unsigned> errors_;
  std::map<std::pair<std::string, Type>, unsigned> requests_;
  std::uint64_t runs_ = 0;
};

}  // namespace mydht::simulation
