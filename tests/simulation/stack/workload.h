#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/result/limits.h"
#include "tests/simulation/stack/checkers/acknowledgements.h"
#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// Clients at work: each does one operation after the other through some node that is up, and writes down what it saw.
/// Shows each acknowledgement to its checker (C2), and says itself what no client may ever see: a value that is not
/// whole. Owned by a run; borrows the ring and its copies.
class Workload {
 public:
  struct Options {
    unsigned clients = 4;
    unsigned keys = 5;
    unsigned largePercent = 3;  ///< of the puts; of more than the inline limit
    Duration pauseMost = std::chrono::milliseconds(60);
    Duration patience = std::chrono::seconds(5);
  };

  static constexpr std::size_t kLargeBytes = limits::kInlineBytes + 5000;  ///< of each large value

  Workload(SimRing& ring, Copies& copies, Options options);

  /// Begins; runs until stop().
  void start();
  /// No new operation; those under way end by themselves.
  void stop() { stopping_ = true; }
  bool idle() const { return running_ == 0; }
  /// Reads every key through every node that is up.
  void readAll();

  const History& history() const { return history_; }
  std::vector<std::string> broken() const;
  std::uint64_t finished() const { return finished_; }

  /// One operation through one node, outside the random ones. Returns its place in the history.
  std::size_t put(SimNode& node, const std::string& key, bool large = false);
  std::size_t get(SimNode& node, const std::string& key);
  std::size_t del(SimNode& node, const std::string& key);
  /// Whether the operation has ended, for its client or for good.
  bool over(std::size_t index) const { return over_[index]; }
  const Operation& at(std::size_t index) const { return history_[index]; }
  /// Why the operation has no effect or is pending, as the client was told.
  const std::string& told(std::size_t index) const { return told_[index]; }
  static std::string valueBytes(std::uint64_t value, bool large);

 private:
  void next(unsigned client);
  SimNode* anyUp();
  std::size_t begin(Action action, const std::string& key, unsigned client);
  void run(SimNode& node, std::size_t index, bool large, unsigned client);
  Task<> perform(SimNode& node, std::uint64_t incarnation, std::size_t index, bool large, unsigned client);
  Task<> doPut(SimNode& node, std::size_t index, bool large);
  Task<> doGet(SimNode& node, std::size_t index);
  Task<> doDel(SimNode& node, std::size_t index);
  void conclude(std::size_t index, const Error& error);

  SimRing& ring_;
  Acknowledgements acknowledged_;
  const Options options_;
  SimRandom random_;
  History history_;
  std::vector<std::string> told_;
  std::vector<bool> over_;
  std::vector<std::vector<NodeId>> identities_;  // of the nodes when the operation began
  std::vector<std::string> broken_;
  std::uint64_t nextValue_ = 1;
  std::uint64_t finished_ = 0;
  std::size_t running_ = 0;
  bool stopping_ = false;
};

}  // namespace mydht::simulation
