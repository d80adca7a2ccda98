#include "tests/support/processes/cluster_of_processes.h"

#include <algorithm>
#include <boost/filesystem.hpp>
#include <csignal>
#include <stdexcept>

namespace mydht::support {
namespace {

constexpr const char* kReserveOption = "--disk-reserve";
// In MiB: where temporary files lie in memory, the default would take that of each node.
constexpr const char* kSmallReserve = "8";

/// The port of the line `ready http://localhost:PORT`; 0 before it is there whole.
std::uint16_t readyPort(const std::string& output) {
  const std::string begin = "ready http://localhost:";
  const std::size_t at = output.find(begin);
  if (at == std::string::npos || output.find('\n', at) == std::string::npos) return 0;
  return static_cast<std::uint16_t>(std::stoul(output.substr(at + begin.size())));
}

}  // namespace

ClusterOfProcesses::ClusterOfProcesses(std::size_t nodes) {
  for (std::size_t node = 0; node < nodes; ++node) {
    start(node, node == 0 ? std::vector<std::string>() : std::vector<std::string>{"-s", hostPort(0)});
  }
}

void ClusterOfProcesses::launch(std::size_t node, std::vector<std::string> options) {
  if (node == nodes_.size()) nodes_.emplace_back();
  Node& at = nodes_[node];
  std::vector<std::string> command = startedBy_[node];
  for (const std::string& word :
       {programPath("mydhtserver"), std::string("-p"), std::to_string(at.port), std::string("-d"), dataOf(node)}) {
    command.push_back(word);
  }
  command.insert(command.end(), options.begin(), options.end());
  if (std::ranges::find(options, kReserveOption) == options.end()) {
    command.insert(command.end(), {kReserveOption, kSmallReserve});
  }
  at.process.reset();
  at.process = std::make_unique<Process>(std::move(command), directory_.path(), "node" + std::to_string(node));
}

void ClusterOfProcesses::start(std::size_t node, std::vector<std::string> options) {
  launch(node, std::move(options));
  awaitReady(node);
}

void ClusterOfProcesses::awaitReady(std::size_t node) {
  Node& at = nodes_[node];
  const bool came = eventually([&] { return readyPort(at.process->output()) != 0 || at.process->status(); });
  const std::uint16_t port = readyPort(at.process->output());
  if (!came || port == 0) throw std::runtime_error("node " + std::to_string(node) + ": " + at.process->errors());
  at.port = port;
}

void ClusterOfProcesses::kill(std::size_t node) {
  process(node).signal(SIGKILL);
  process(node).wait();
}

int ClusterOfProcesses::stop(std::size_t node) {
  process(node).signal(SIGTERM);
  return process(node).wait().value_or(-1);
}

void ClusterOfProcesses::emptyDisk(std::size_t node) {
  // The directory itself stays: a file system of its own may be mounted there.
  std::vector<boost::filesystem::path> content;
  for (const auto& at : boost::filesystem::directory_iterator(dataOf(node))) content.push_back(at.path());
  for (const auto& path : content) boost::filesystem::remove_all(path);
}

Finished ClusterOfProcesses::client(std::size_t node, std::vector<std::string> words) {
  std::vector<std::string> command = {programPath("mydhtclient"), "-h", "localhost", "-p", std::to_string(port(node))};
  command.insert(command.end(), words.begin(), words.end());
  return runToEnd(std::move(command), directory_.path());
}

}  // namespace mydht::support
