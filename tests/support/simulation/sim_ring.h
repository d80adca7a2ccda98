#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/cluster/node.h"
#include "tests/support/simulation/sim_disk.h"
#include "tests/support/simulation/sim_network.h"

namespace mydht::simulation {

/// The wall clock of one simulated node: virtual time with an offset that may jump, and grow or shrink.
class SimClock final : public Clock {
 public:
  explicit SimClock(const SimTime& time) : time_(time) {}
  std::int64_t wallMicros() const override;
  void jump(std::int64_t micros) { offset_ += micros; }
  /// From now on it gains so many microseconds a second; loses them if negative.
  void drift(std::int64_t microsASecond);
  std::int64_t offset() const;

 private:
  const SimTime& time_;
  std::int64_t offset_ = 0;  // when it began to drift
  std::int64_t drift_ = 0;
  Time driftsFrom_{};
};

/// Writes the journal lines of all nodes with virtual time, as the server does with real time: to standard output when
/// tracing, and always into a hash, so that two runs can be compared to the byte.
class SimTrace {
 public:
  SimTrace(const SimTime& time, bool print) : time_(time), print_(print) {}
  void line(std::string_view text);
  std::uint64_t hash() const { return hash_; }
  std::uint64_t lines() const { return lines_; }
  bool printing() const { return print_; }
  void count(std::string_view event) { ++events_[std::string(event)]; }
  /// How often the journals of all nodes have told of that event.
  std::uint64_t events(const std::string& event) const {
    const auto at = events_.find(event);
    return at == events_.end() ? 0 : at->second;
  }

 private:
  const SimTime& time_;
  const bool print_;
  std::uint64_t hash_ = 14695981039346656037ULL;
  std::uint64_t lines_ = 0;
  std::map<std::string, std::uint64_t> events_;
};

/// The journal of one simulated node: its lines go into the trace. Owned by the node; one thread.
class SimJournal final : public Journal {
 public:
  SimJournal(SimTrace& trace, std::string name) : trace_(trace), name_(std::move(name)) {}
  void note(Severity severity, std::string_view event, std::string_view fields) override;

 private:
  SimTrace& trace_;
  const std::string name_;
};

class SimRing;

/// One node of a simulated ring: its medium, clock and executor live as long as the ring; each start makes a new
/// incarnation of everything else on what the medium holds. Owned by the ring; one thread.
class SimNode final {
 public:
  SimNode(SimRing& ring, unsigned number);

  const std::string& name() const { return name_; }
  unsigned number() const { return number_; }
  SimMedium& medium() { return medium_; }
  SimClock& clock() { return clock_; }
  SimExecutor& executor() { return executor_; }

  /// When its disk was last emptied or set back.
  Time diskLost() const { return diskLost_; }
  void loseDisk() {
    medium_.empty();
    diskLost_ = executor_.now();
  }
  void restore(const SimMedium& backup) {
    medium_.rollback(backup);
    diskLost_ = executor_.now();
  }

  /// Starts on what the medium holds, with these seeds; returns at once. Not while it runs.
  void start(std::vector<std::string> seeds);
  /// The power goes: everything under way ends, and only what was synced is left (and keptBatches unsynced batches).
  void kill(std::size_t keptBatches = 0);
  /// Stops as on SIGTERM: finishes what has begun.
  void stop();

  /// Hands over and leaves, as on SIGINT, and stops; one that cannot leave stops with its place kept.
  void leave();

  /// Whether it is to end by that.
  bool leaves() const { return leaving_ == incarnations_ && current_ != nullptr; }

  /// Serves: has started, is not being stopped.
  bool up() const;
  /// Nothing of it runs: may be started again.
  bool down() const { return current_ == nullptr; }
  /// The last start has failed; why.
  const std::optional<Error>& failed() const { return failed_; }
  /// The running incarnation; only while up().
  cluster::Node& node() { return *current_->node; }
  /// What it knows of the ring; null while it knows nothing, or is down.
  ring::ViewPtr view() const { return current_ == nullptr ? nullptr : current_->node->membership().view(); }
  /// Its disk, for faults; only while not down().
  SimDisk& disk() { return *current_->disk; }
  /// Changes with every start, so that whoever waits for an incarnation knows that it has gone.
  std::uint64_t incarnation() const { return incarnations_; }
  /// Runs a task on the node, as the server runs a request: the node is not taken apart before it has ended.
  void spawn(Task<> task);
  /// What waits in it: resumptions that are ready or have a timer, calls and answers under way, clients' requests.
  std::size_t waiting() const;
  /// Who it is on its medium; none while that is empty.
  std::optional<store::Identity> durableIdentity() const;

 private:
  struct Incarnation {
    std::unique_ptr<SimDisk> disk;
    std::unique_ptr<cluster::Node> node;
    SimEndpoint* endpoint = nullptr;
    std::unique_ptr<Gate> requests;
    bool started = false;
    bool serving = false;
    bool ending = false;
  };

  Task<> live(Incarnation& incarnation);
  Task<> end(Incarnation& incarnation, bool started);
  Task<> endOnceLeft(std::uint64_t incarnation);
  void beginEnd();

  SimRing& ring_;
  const unsigned number_;
  const std::string name_;
  SimMedium medium_;
  SimClock clock_;
  SimJournal journal_;
  SimExecutor executor_;
  SimRandom random_;
  std::unique_ptr<Incarnation> current_;
  std::vector<std::unique_ptr<SimEndpoint>> endpoints_;  // all there ever were: a pipe may still point at an old one
  std::optional<Error> failed_;
  std::uint64_t incarnations_ = 0;
  std::uint64_t leaving_ = 0;  // the incarnation that is to leave
  Time diskLost_{};
  Gate lives_;
};

/// A ring of simulated nodes on one virtual time, from one seed: the whole stack but sockets and files. Owned by a
/// test; one thread.
class SimRing {
 public:
  SimRing(std::uint64_t seed, bool print = false);
  SimRing(const SimRing&) = delete;
  SimRing& operator=(const SimRing&) = delete;
  /// Shuts down.
  ~SimRing();
  /// Kills what runs and waits until nothing is under way. Whoever set rules, observers or timers outlives this.
  void shutDown();

  SimTime time;
  SimTrace trace;
  SimNetwork network;
  SimRandom random;
  cluster::Settings settings;  ///< of every node to be started; name and seeds are set for each
  SimDiskOptions diskOptions;
  /// Called for each entry's row that goes from a node's disk, with what it was. Empty: nobody listens.
  std::function<void(SimNode& node, const std::string& name, const Bytes& content)> whenRemoved;

  /// Adds a node that has not been started.
  SimNode& add();
  SimNode& operator[](std::size_t index) { return *nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }
  /// Starts a ring of so many nodes, one after the other, and waits until it is complete.
  void startAll(unsigned nodes);
  /// Starts one node and waits until it serves; asserts that it does.
  void startAndAwait(SimNode& node, std::vector<std::string> seeds);
  /// Runs until the condition holds; false if it does not within that time.
  bool await(const std::function<bool()>& condition, Duration within = std::chrono::minutes(2));
  /// Whether every node that is up knows one complete version, the same one, and has filled everything.
  bool quiet();

  /// Computes each version's table once for all nodes.
  ring::RingPtr makeRing(ring::MemberList list);
  /// A deliberate bug (R1): the table as a node has it that takes itself for twice as large as it is.
  ring::RingPtr makeOwnRing(const SimNode& node, ring::MemberList list);
  /// The version of that name; null if no node has ever known it.
  ring::RingPtr ringNamed(const ring::VersionName& name) const;

 private:
  friend class SimNode;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::map<std::string, ring::RingPtr> rings_;
  std::map<std::string, ring::RingPtr> ownRings_;
};

}  // namespace mydht::simulation
