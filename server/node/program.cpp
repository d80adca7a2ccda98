#include "server/node/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include "server/api/routes.h"
#include "server/node/process_numbers.h"
#include "server/node/secret_file.h"
#include "server/node/service_manager.h"
#include "server/runtime/open_files.h"
#include "server/runtime/run_on.h"

namespace mydht::node {
namespace {

/// How long a port that is in use, but on which nobody answers, is tried again: an outgoing connection may hold it.
constexpr auto kPortPatience = std::chrono::seconds(5);
/// How long a joiner waits for its change of the ring to be complete before it says that it serves: a small ring's
/// takes less than a second, and with much to fill nobody wants to wait.
constexpr Duration kSettle = std::chrono::seconds(10);
/// How long requests that have begun may go on once the node is to stop.
constexpr auto kStopPatience = std::chrono::seconds(5);
/// How often a node looks whether it must not go on.
constexpr auto kLookPause = std::chrono::seconds(1);
constexpr auto kLeavingPause = std::chrono::milliseconds(200);
constexpr std::size_t kMib = 1024 * 1024;
constexpr std::int64_t kMinuteMicros = 60'000'000;
/// Calls that wait for the disk at once: as many as connections may be busy.
constexpr std::size_t kMostBlockingCalls = 16 * 1024;

unsigned cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Reads of the disk and syncs of values' files wait most of their time: some milliseconds for a sync on many a disk,
/// and a disk takes dozens of them at once.
constexpr unsigned kBlockingThreads = 32;

/// What people see beside the journal: errors as one line each.
void complain(const std::string& text) {
  std::fprintf(stderr, "mydhtserver: %s\n", text.c_str());
}

void say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

/// From now on Ctrl-C ends the process as it does any other.
void endAtInterrupt() {
  std::signal(SIGINT, SIG_DFL);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
}

cluster::Settings clusterSettings(const Options& options, std::uint16_t port) {
  cluster::Settings settings;
  settings.timing.settle = kSettle;
  settings.hostPort = hostPortOf(options.host, port);
  settings.seeds = options.seeds;
  settings.replicas = options.replicas;
  settings.weightHundredths = options.weightHundredths;
  settings.zone = options.zone;
  settings.programVersion = programVersion();
  settings.fillBytesPerSecond = options.fillMib * kMib;
  settings.removeAfter = options.removeAfter;
  settings.scrubBytesPerSecond = options.scrubMib * kMib;
  settings.timing.scrub = std::chrono::seconds(options.scrubPause);
  settings.cacheBytes = options.cacheMib * kMib;
  settings.hints = {options.hints, options.hintMinutes * kMinuteMicros};
  return settings;
}

access::Settings accessSettings(const Options& options) {
  return {options.anonymousReads, options.anonymousWrites, hostPortOf(options.host, 0), options.allowHosts};
}

http::Settings httpSettings(const Options& options, http::AccessLog* accessLog) {
  http::Settings settings;
  const std::size_t share = runtime::sharesOf(runtime::openFileLimit()).connections;
  // Who says a number knows what the system allows; the reserve is kept all the same.
  settings.mostConnections = options.connections > 0 ? options.connections : std::min(settings.mostConnections, share);
  settings.mostPerAddress = options.connectionsPerAddress;
  settings.mostBusy = options.busy;
  settings.accessLog = accessLog;
  // Less than the patience of people and of most programs, and so that a node that is to stop does so within seconds.
  settings.requestTimeout = std::chrono::seconds(10);
  return settings;
}

}  // namespace

std::string programVersion() {
  return MYDHT_VERSION;
}

Result<std::unique_ptr<Program>> Program::build(Options options) {
  std::unique_ptr<Program> program(new Program(std::move(options)));
  const Status opened = program->open();
  if (!opened) return opened.error();
  program->assemble();
  return program;
}

Program::Program(Options options) : options_(std::move(options)), pool_(kBlockingThreads, kMostBlockingCalls) {}

Program::~Program() = default;

/// What can be refused, the cheapest first: the port comes before the directory, whose default name it gives.
Status Program::open() {
  auto journal = FileJournal::open(options_.logFile, options_.verbose ? Severity::Debug : Severity::Info, clock_);
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  nodeJournal_ = std::make_unique<RememberingJournal>(*journal_, recentEvents_, clock_);
  if (!options_.accessLog.empty()) {
    auto accessLog = AccessLogFile::open(options_.accessLog, clock_, *journal_);
    if (!accessLog) return accessLog.error();
    accessLog_ = std::move(*accessLog);
  }
  const Status secret = readSecret();
  if (!secret) return secret;
  auto listening = runtime::listenOn(bindAddresses(options_), options_.port, kPortPatience);
  if (!listening) return listening.error();
  listening_ = std::move(*listening);
  const std::string port = std::to_string(listening_.port);
  auto directory =
      disk::DataDirectory::open(options_.dataDirectory.empty() ? "mydht-data/" + port : options_.dataDirectory);
  if (!directory) return directory.error();
  directory_ = std::move(*directory);
  disk::RocksDiskOptions sizes;
  const runtime::OpenFileShares files = runtime::sharesOf(runtime::openFileLimit());
  sizes.rows.blockCacheBytes = options_.blockCacheMib * kMib;
  sizes.rows.openTables = static_cast<int>(files.tables);
  sizes.openBlobs = files.blobs;
  sizes.reserveBytes = options_.reserveMib * kMib;
  auto disk = disk::RocksDisk::open(*directory_, pool_, sizes);
  if (!disk) return disk.error();
  disk_ = std::move(*disk);
  return {};
}

Status Program::readSecret() {
  if (options_.secretFile.empty()) return {};
  auto secret = readSecretFile(options_.secretFile);
  if (!secret) return secret.error();
  secret_.set(std::move(*secret));
  return {};
}

/// One line a part, from the bottom up.
void Program::assemble() {
  const unsigned loops = options_.loops == 0 ? cores() : options_.loops;
  for (unsigned i = 0; i < loops; ++i) threads_.push_back(std::make_unique<runtime::LoopThread>());
  std::vector<runtime::EventLoop*> eventLoops;
  for (const auto& thread : threads_) eventLoops.push_back(&thread->loop());
  const std::vector<Executor*> executors(eventLoops.begin(), eventLoops.end());
  const std::vector<const Executor*> known(eventLoops.begin(), eventLoops.end());
  transport_ = std::make_unique<peer::HttpTransport>(eventLoops, peer::World{pool_, secret_, clock_, random_});
  cluster::World world{executors, *disk_, *transport_, clock_, random_, *nodeJournal_};
  node_ = std::make_unique<cluster::Node>(clusterSettings(options_, listening_.port), std::move(world));
  endpoint_ = std::make_unique<peer::PeerEndpoint>(*node_);
  const auto answerPeer = [this](http::Request& request) { return endpoint_->answer(request); };
  context_ = std::make_unique<api::Context>(
      api::Context{*node_, known, clock_, answerPeer, options_.trustContent, programVersion()});
  policy_ = std::make_unique<access::AccessPolicy>(accessSettings(options_), secret_, clock_);
  guard_ = std::make_unique<api::Guard>(*policy_);
  context_->guard = guard_.get();
  context_->numbers = [this] { return numbers(); };
  context_->traffic = &traffic_;
  context_->lately = &recentEvents_;
  router_ = std::make_unique<http::Router>(api::routesOf(*context_), *guard_);
  server_ = std::make_unique<http::Server>(eventLoops, listening_, httpSettings(options_, accessLog_.get()), *router_);
}

int Program::run() {
  const int status = runtime::runOn(threads_.front()->loop(), serve());
  disk_->stop();
  for (const auto& thread : threads_) thread->stop();
  pool_.stop();  // before the loops that its threads wake are destroyed
  return status;
}

Task<int> Program::serve() {
  runtime::Signals signals(threads_.front()->loop());
  const auto swept = disk_->swept();
  if (swept.removed > 0) journal_->note(Severity::Info, "disk.swept", fmt::format("files={}", swept.removed));
  if (swept.missing > 0) nodeJournal_->note(Severity::Error, "disk.missing", fmt::format("files={}", swept.missing));
  co_await server_->start();  // other nodes call this one while it joins
  bool started = false;
  Gate watching(threads_.front()->loop());
  watching.spawn(quitWhileStarting(signals, started));
  auto entered = co_await node_->start();
  started = true;
  co_await watching.close();
  int status = 1;
  if (entered) {
    directory_->keep();
    guard_->setServing(true);
    announce();
    const int ended = co_await untilStopped(signals);
    journal_->note(Severity::Info, "node.stop", "");
    tellManager("STOPPING=1");
    status = ended;
  } else {
    complain(disk::withAdvice(entered.error()).text);
  }
  co_await stop();
  // Once a member of a ring, a node may hold what others count on, even if it could not be started to the end.
  if (node_->membership().view()) directory_->keep();
  co_return status;
}

/// A node that waits for others at its start is not held up by that when it is to end: nothing was promised yet.
Task<> Program::quitWhileStarting(runtime::Signals& signals, const bool& started) {
  while (!started) {
    auto signal = co_await signals.next(threads_.front()->loop().now() + std::chrono::milliseconds(50));
    if (signal && *signal != SIGHUP) {
      complain("stopped before it was ready");
      std::_Exit(1);
    }
  }
}

void Program::announce() const {
  const cluster::NodeStatus status = node_->status();
  std::printf("ready http://%s\n", status.hostPort.c_str());
  std::printf("ring %016llx, version %llu, %zu member%s, %u of %u copies\n",
              static_cast<unsigned long long>(status.ringIdentity), static_cast<unsigned long long>(status.height),
              status.members.size(), status.members.size() == 1 ? "" : "s", status.copies, status.replicas);
  std::printf("data in %s\n", directory_->path().c_str());
  std::fflush(stdout);
  nodeJournal_->note(Severity::Info, "node.ready",
                     fmt::format("version={} pid={} node={:016x} boot={} ring={:016x}", programVersion(), ::getpid(),
                                 status.node, status.boot, status.ringIdentity));
  tellManager(fmt::format("READY=1\nSTATUS=serving as {}", status.hostPort));
}

/// A service manager that does not listen must not keep a node from serving.
void Program::tellManager(const std::string& state) const {
  const Status told = tellServiceManager(state);
  if (!told) journal_->note(Severity::Warn, "node.not-told", fmt::format("why=\"{}\"", told.error().text));
}

/// The exit status, once there is a reason to end beside a signal.
std::optional<int> Program::hasEnded(bool interrupted) {
  if (node_->fatal() != nullptr) {
    complain(*node_->fatal());
    return 1;
  }
  // A commit that found no room leaves the disk to be opened again, once there is some.
  const auto failure = disk_->failure();
  if (failure && failure->kind == Kind::NoSpace && disk_->freeBytes() > 0) {
    journal_->note(Severity::Info, "node.starts-again", "why=\"there is room on the disk again\"");
    startsAgain_ = true;
    return 0;
  }
  const std::optional<Status>& left = node_->left();
  if (!left) {
    toldNotLeaving_ = false;
    return std::nullopt;
  }
  if (*left) {
    say("left the ring: the others have all copies that it can hold");
    return 0;
  }
  if (interrupted) {
    say("stopped without leaving: " + left->error().text + "; its place and its data are kept");
    return 0;
  }
  if (!toldNotLeaving_) complain("asked to leave, but cannot: " + left->error().text);
  toldNotLeaving_ = true;
  return std::nullopt;
}

void Program::tellHandOver() {
  if (node_->memberChanges().leaving() != wire::Leaving::Leaves) return;
  const cluster::HandOver progress = node_->memberChanges().handOver();
  if (progress.done == toldDone_) return;
  toldDone_ = progress.done;
  say(fmt::format("leaving: {} of {} copies are with the other nodes", progress.done, progress.copies));
}

Task<int> Program::untilStopped(runtime::Signals& signals) {
  bool interrupted = false;
  while (true) {
    const bool leaves = node_->memberChanges().leaving() != wire::Leaving::No;
    const Duration pause = interrupted || leaves ? kLeavingPause : kLookPause;
    auto signal = co_await signals.next(threads_.front()->loop().now() + pause);
    sampleTraffic();
    if (const auto status = hasEnded(interrupted)) co_return *status;
    tellHandOver();
    if (!signal) continue;
    if (*signal == SIGHUP) {
      readAgain();
      continue;
    }
    if (*signal == SIGTERM) co_return 0;
    say("leaving the ring; a second Ctrl-C stops at once");
    endAtInterrupt();
    interrupted = true;
    node_->beginLeaving();
  }
}

metrics::Numbers Program::numbers() const {
  return {server_->numbers(), {disk_->syncs(), disk_->lastSynced()}, processNumbers()};
}

void Program::sampleTraffic() {
  const auto now = threads_.front()->loop().now().time_since_epoch();
  const metrics::HttpNumbers http = server_->numbers();
  traffic_.sample(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count()),
                  {http.allRequests(), http.bytesIn, http.bytesOut});
}

void Program::readAgain() {
  journal_->reopen();
  if (accessLog_) accessLog_->reopen();
  const Status read = readSecret();
  const std::string text = read ? "" : fmt::format("kept=\"the secret of before\" why=\"{}\"", read.error().text);
  journal_->note(read ? Severity::Info : Severity::Error, "node.read-again", text);
}

/// In the reverse order of the start: no new requests, no duties, no calls.
Task<> Program::stop() {
  guard_->setServing(false);
  context_->events->stop();
  co_await server_->stop(threads_.front()->loop().now() + kStopPatience);
  co_await node_->stop();
  co_await transport_->stop();
}

}  // namespace mydht::node
