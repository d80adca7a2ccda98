#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/files/temp_directory.h"
#include "tests/support/processes/process.h"

namespace mydht::support {

/// Real mydhtserver processes on free ports of this machine, their data in one temporary directory. A node keeps its
/// directory and, once it has one, its port over restarts. Everything goes at the end. Owned by a test; one thread.
class ClusterOfProcesses {
 public:
  /// Starts so many nodes one after another, each joining the first; they are one ring when it returns. Throws if a
  /// node does not come up.
  explicit ClusterOfProcesses(std::size_t nodes);

  std::size_t size() const { return nodes_.size(); }
  std::uint16_t port(std::size_t node) const { return nodes_[node].port; }
  std::string hostPort(std::size_t node) const { return "localhost:" + std::to_string(port(node)); }
  std::string dataOf(std::size_t node) const { return directory_.path() + "/data" + std::to_string(node); }
  std::string directory() const { return directory_.path(); }
  Process& process(std::size_t node) { return *nodes_[node].process; }

  /// From its next start on the node's program is started by these words: as another user, with another clock.
  void startBy(std::size_t node, std::vector<std::string> words) { startedBy_[node] = std::move(words); }
  /// Starts a stopped node, or one more (node == size()), with these options beside its port and directory.
  void start(std::size_t node, std::vector<std::string> options = {});
  /// Starts, but does not wait until it serves.
  void launch(std::size_t node, std::vector<std::string> options = {});
  /// Waits for the line `ready`. Throws, with what the node said, if it ends or says nothing.
  void awaitReady(std::size_t node);
  /// kill -9
  void kill(std::size_t node);
  /// SIGTERM; returns the exit status.
  int stop(std::size_t node);
  /// Throws away a stopped node's data.
  void emptyDisk(std::size_t node);

  /// Runs mydhtclient against a node.
  Finished client(std::size_t node, std::vector<std::string> words);

 private:
  struct Node {
    std::uint16_t port = 0;
    std::unique_ptr<Process> process;
  };
  TempDirectory directory_;
  std::vector<Node> nodes_;
  std::map<std::size_t, std::vector<std::string>> startedBy_;
};

}  // namespace mydht::support
