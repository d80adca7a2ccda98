#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/access/access_policy.h"
#include "server/access/secret.h"
#include "server/api/context.h"
#include "server/api/guard.h"
#include "server/cluster/node.h"
#include "server/disk/data_directory.h"
#include "server/disk/rocks_disk.h"
#include "server/http/routes.h"
#include "server/http/server.h"
#include "server/node/access_log_file.h"
#include "server/node/file_journal.h"
#include "server/node/options.h"
#include "server/node/real_world.h"
#include "server/node/remembering_journal.h"
#include "server/peer/http_transport.h"
#include "server/peer/peer_endpoint.h"
#include "server/runtime/blocking_pool.h"
#include "server/runtime/listening.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/signals.h"

namespace mydht::node {

/// The version of this program, for people.
std::string programVersion();

/// All parts of one server, built from the bottom up and destroyed in reverse. Owned by the application's main thread,
/// which builds it, runs it and destroys it.
class Program {
 public:
  /// Opens what can be refused: log, secret, port, data directory, disk. One line for the user if something is; then
  /// nothing is left behind. Blocks.
  static Result<std::unique_ptr<Program>> build(Options options);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// Enters the ring, serves until a signal ends it, stops; returns the exit status. Once.
  int run();
  /// After run(): it is to be built and run once more on the same data directory: this node has lost its place in the
  /// ring and comes back as a new one, or its disk was too full for a commit and has room again.
  bool startsAnew() const { return node_->startsAnew() || startsAgain_; }
  std::uint16_t port() const { return listening_.port; }

 private:
  explicit Program(Options options);
  Status open();
  Status readSecret();
  void assemble();

  Task<int> serve();
  Task<int> untilStopped(runtime::Signals& signals);
  std::optional<int> hasEnded(bool interrupted);
  void tellHandOver();
  Task<> quitWhileStarting(runtime::Signals& signals, const bool& started);
  Task<> stop();
  void announce() const;
  void tellManager(const std::string& state) const;
  void readAgain();
  metrics::Numbers numbers() const;
  void sampleTraffic();

  const Options options_;
  std::size_t toldDone_ = 0;     // copies handed over, as last told
  bool startsAgain_ = false;     // with the same place in the ring
  bool toldNotLeaving_ = false;  // that it could not leave, when asked from afar
  SystemClock clock_;
  KernelRandom random_;
  access::Secret secret_;
  std::unique_ptr<FileJournal> journal_;
  metrics::RecentEvents recentEvents_;
  std::unique_ptr<RememberingJournal> nodeJournal_;  // what the node tells
  std::unique_ptr<AccessLogFile> accessLog_;         // null: not wanted
  metrics::TrafficHistory traffic_;
  runtime::Listening listening_;
  std::unique_ptr<disk::DataDirectory> directory_;
  runtime::BlockingPool pool_;
  std::unique_ptr<disk::RocksDisk> disk_;
  std::vector<std::unique_ptr<runtime::LoopThread>> threads_;
  std::unique_ptr<peer::HttpTransport> transport_;
  std::unique_ptr<cluster::Node> node_;
  std::unique_ptr<peer::PeerEndpoint> endpoint_;
  std::unique_ptr<api::Context> context_;
  std::unique_ptr<access::AccessPolicy> policy_;
  std::unique_ptr<api::Guard> guard_;
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace mydht::node
