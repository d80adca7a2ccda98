#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "server/api/routes.h"
#include "server/http/server.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "tests/support/http_client/http_client.h"
#include "tests/support/simulation/sim_disk.h"

namespace mydht::api::testing {

/// A ring of one calls nobody.
class NoTransport final : public Transport {
 public:
  Task<Result<Call>> call(PeerAddress, Call, Deadline) override {
    co_return Error{Kind::Unavailable, "there is no other node"};
  }
  Task<> stop() override { co_return; }
};

class FixedClock final : public Clock {
 public:
  std::int64_t wallMicros() const override { return micros++; }
  mutable std::atomic<std::int64_t> micros = 1'795'169'700'000'000;  // Fri, 20 Nov 2026 10:15:00 GMT
};

class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return 0x9e3779b97f4a7c15ULL * ++count_; }

 private:
  std::uint64_t count_ = 0;
};

class NoJournal final : public Journal {
 public:
  void note(Severity, std::string_view, std::string_view) override {}
};

class EveryoneMay final : public http::Guard {
 public:
  std::optional<http::Response> refuse(const http::Request&, http::Caller) override { return std::nullopt; }
};

inline Task<http::Response> noPeer(http::Request&) {
  co_return http::respondProblem(503, "there is no other node");
}

/// A ring of one node on a simulated disk, answering on a free port of 127.0.0.1. One event loop, which alone touches
/// the simulated disk.
class World {
 public:
  explicit World(bool trustContent = false)
      : medium_(std::make_unique<simulation::SimMedium>()),
        disk_(*medium_, random_, quick()),
        node_(settings(), {{&loop()}, disk_, transport_, clock_, random_, journal_}),
        context_{node_, {&loop()}, clock_, noPeer, trustContent, "0.1.0"},
        router_(routesOf(context_), guard_) {
    auto listening = runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
    server_ = std::make_unique<http::Server>(std::vector<runtime::EventLoop*>{&loop()}, *listening, http::Settings{},
                                             router_);
    context_.numbers = [this] {
      return metrics::Numbers{server_->numbers(), {1, 2}, {4.5, 1'795'000'000.25, 6, 7, 8, 9}};
    };
    const Status started = runtime::runOn(loop(), node_.start());
    MYDHT_ASSERT(started.ok());
    runtime::runOn(loop(), server_->start());
  }
  ~World() {
    runtime::runOn(loop(), server_->stop(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
    runtime::runOn(loop(), node_.stop());
    thread_.stop();
  }

  std::uint16_t port() const { return server_->port(); }
  const http::Router& router() const { return router_; }
  Events& events() { return *context_.events; }
  /// A full disk, or one that has room again.
  void setFull(bool full) { runtime::runOn(loop(), setFullOnLoop(full)); }
  /// The next read of the disk finds damaged bytes.
  void damageNextRead() { runtime::runOn(loop(), damageNextReadOnLoop()); }

 private:
  runtime::EventLoop& loop() { return thread_.loop(); }
  Task<> setFullOnLoop(bool full) {
    disk_.setFull(full);
    co_return;
  }
  Task<> damageNextReadOnLoop() {
    disk_.failNext(simulation::Fault::Read, Kind::Corrupt);
    co_return;
  }
  static cluster::Settings settings() {
    cluster::Settings settings;
    settings.hostPort = "localhost:50140";
    settings.programVersion = "0.1.0";
    return settings;
  }
  static simulation::SimDiskOptions quick() {
    constexpr simulation::Latency kNone{Duration(0), Duration(0)};
    return {kNone, kNone, kNone, 100, std::uint64_t{1} << 40};
  }

  runtime::LoopThread thread_;
  CountingRandom random_;
  FixedClock clock_;
  NoJournal journal_;
  NoTransport transport_;
  EveryoneMay guard_;
  std::unique_ptr<simulation::SimMedium> medium_;
  simulation::SimDisk disk_;
  cluster::Node node_;
  Context context_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace mydht::api::testing
