#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/result/limits.h"
#include "tests/simulation/stack/checkers/acknowledgements.h"
#include "tests/simulation/stack/checkers/whole.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// Clients at work: each does one operation after the other through some node that is up, and writes down what it saw.
/// Most operations are at quorum and some at `all`; those at `one` are on keys of their own, since they may lose what
/// those at quorum have written. Shows each acknowledgement (C2) and each value that came to its checker. Owned by a
/// run; borrows the ring and its copies.
class Workload {
 public:
  struct Options {
    unsigned clients = 5;
    unsigned keys = 5;
    unsigned keysAtOne = 2;
    unsigned onePercent = 20;   ///< of the operations
    unsigned allPercent = 10;   ///< of the others
    unsigned largePercent = 3;  ///< of the puts; of more than the inline limit
    Duration pauseMost = std::chrono::milliseconds(60);
    Duration patience = std::chrono::seconds(5);
  };

  using Consistency = cluster::Consistency;
  static constexpr std::size_t kLargeBytes = limits::kInlineBytes + 5000;  ///< of each large value

  Workload(SimRing& ring, Copies& copies, Options options);

  /// Begins; runs until stop().
  void start();
  /// No new operation; those under way end by themselves.
  void stop() { stopping_ = true; }
  bool idle() const { return running_ == 0; }
  /// Reads every key at quorum through every node that is up; of a key that was written at `one` all must read the
  /// same.
  void readAll();

  const History& history() const { return history_; }
  std::vector<std::string> broken() const;
  std::uint64_t finished() const { return finished_; }
  /// How many operations at that consistency have ended well.
  std::uint64_t done(Consistency consistency) const;

  /// One operation through one node, outside the random ones. Returns its place in the history.
  std::size_t put(SimNode& node, const std::string& key, bool large = false, Consistency = Consistency::Quorum);
  std::size_t get(SimNode& node, const std::string& key, Consistency = Consistency::Quorum);
  std::size_t del(SimNode& node, const std::string& key, Consistency = Consistency::Quorum);
  /// Whether the operation has ended, for its client or for good.
  bool over(std::size_t index) const { return over_[index]; }
  const Operation& at(std::size_t index) const { return history_[index]; }
  /// Why the operation has no effect or is pending, as the client was told.
  const std::string& told(std::size_t index) const { return told_[index]; }
  static std::string valueBytes(std::uint64_t value, bool large, std::size_t largeBytes = kLargeBytes);
  /// Large values are that large from now on.
  void setLargeBytes(std::size_t bytes) { largeBytes_ = bytes; }

 private:
  void next(unsigned client);
  SimNode* anyUp();
  Operation drawn(unsigned client);
  std::size_t direct(SimNode& node, Action action, const std::string& key, bool large, Consistency consistency);
  std::vector<std::string> keys() const;
  std::size_t begin(SimNode& node, Operation operation);
  Task<> perform(SimNode& node, std::uint64_t incarnation, std::size_t index);
  Task<> doPut(SimNode& node, std::size_t index);
  Task<> doGet(SimNode& node, std::size_t index);
  Task<Result<cluster::Located>> locate(cluster::Coordinator& coordinator, std::size_t index, Deadline deadline);
  Task<> doDel(SimNode& node, std::size_t index);
  void conclude(std::size_t index, const Error& error);

  SimRing& ring_;
  Acknowledgements acknowledged_;
  Whole whole_;
  const Options options_;
  SimRandom random_;
  History history_;
  std::vector<std::string> told_;
  std::vector<bool> over_;
  std::vector<std::vector<NodeId>> identities_;  // of the nodes when the operation began
  std::vector<std::string> broken_;
  std::size_t largeBytes_ = kLargeBytes;
  std::uint64_t nextValue_ = 1;
  std::uint64_t finished_ = 0;
  std::size_t running_ = 0;
  bool stopping_ = false;
};

}  // namespace mydht::simulation
