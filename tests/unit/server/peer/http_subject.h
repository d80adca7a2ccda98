#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "server/access/secret.h"
#include "server/http/routes.h"
#include "server/http/server.h"
#include "server/peer/http_transport.h"
#include "server/peer/peer_endpoint.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"
#include "tests/unit/server/peer/transport_subject.h"

namespace mydht::peer::testing {

/// Clock and randomness that are real enough: time stands still, numbers count up.
class StillClock final : public Clock {
 public:
  std::int64_t wallMicros() const override { return 1'795'000'000'000'000; }
};
class CountingRandom final : public Random {
 public:
  std::uint64_t next() override { return ++last_; }

 private:
  std::atomic<std::uint64_t> last_ = 0;
};

class FunctionPeer final : public PeerHandler {
 public:
  Task<Result<Call>> handle(Call request, Deadline deadline) override { return answer(std::move(request), deadline); }
  TransportSubject::Answer answer;
};

/// Lets everything through that says it is signed, if there is a secret.
class SignedGuard final : public http::Guard {
 public:
  explicit SignedGuard(const access::Secret& secret) : secret_(secret) {}
  std::optional<http::Response> refuse(const http::Request& request, http::Caller) override {
    const auto secret = secret_.current();
    if (!secret) return std::nullopt;
    const auto field = request.header("Authorization");
    const auto signature = protocol::parseSignature(field.value_or(""));
    const auto digest = request.header(protocol::kMessageDigestHeader).value_or("");
    const protocol::SignedParts parts{"POST", request.path(), request.header("Host").value_or(""), digest};
    if (signature && protocol::matches(*secret, parts, *signature)) return std::nullopt;
    return http::respondProblem(401, "the secret is wrong");
  }

 private:
  const access::Secret& secret_;
};

/// A server with the endpoint on one loop, and calls from another.
class HttpWorld final : public TransportSubject {
 public:
  explicit HttpWorld(std::optional<std::string> secret = std::nullopt, http::Settings limits = {},
                     Settings settings = {})
      : secret_(std::move(secret)),
        pool_(2, 16),
        endpoint_(peer_),
        guard_(secret_),
        router_({{http::Method::Post, std::string(protocol::kPeerPath), http::Caller::Node,
                  [this](http::Request& request) { return endpoint_.answer(request); }, "messages between nodes"}},
                guard_),
        transport_({&caller_.loop()}, World{pool_, ownSecret_, clock_, random_}, settings) {
    if (secret_.current()) ownSecret_.set(*secret_.current());
    auto listening = runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
    server_ = std::make_unique<http::Server>(std::vector{&callee_.loop()}, *listening, limits, router_);
    runtime::runOn(callee_.loop(), server_->start());
    silent_ = *runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
    auto dead = *runtime::listenOn({"127.0.0.1"}, 0, std::chrono::seconds(0));
    deadPort_ = dead.port;
  }
  ~HttpWorld() override {
    runtime::runOn(caller_.loop(), transport_.stop());
    stopServer();
    pool_.stop();  // before the loops that its threads wake
  }
  void stopServer() {
    if (!server_) return;
    runtime::runOn(callee_.loop(), server_->stop(std::chrono::steady_clock::now() + std::chrono::seconds(10)));
    server_.reset();
  }

  void answerWith(Answer answer) override { peer_.answer = std::move(answer); }
  Transport& transport() override { return transport_; }
  PeerAddress address() override { return at(server_->port()); }
  PeerAddress deadAddress() override { return at(deadPort_); }
  PeerAddress silentAddress() override { return at(silent_->port); }
  void run(std::function<Task<>()> make) override { runtime::runOn(caller_.loop(), make()); }

  static PeerAddress at(std::uint16_t port) { return {std::nullopt, "127.0.0.1:" + std::to_string(port)}; }
  http::Server& server() { return *server_; }
  runtime::EventLoop& loop() { return caller_.loop(); }
  runtime::EventLoop& serverLoop() { return callee_.loop(); }
  access::Secret& ownSecret() { return ownSecret_; }

 private:
  access::Secret secret_;
  access::Secret ownSecret_;
  StillClock clock_;
  CountingRandom random_;
  runtime::BlockingPool pool_;
  runtime::LoopThread caller_;
  runtime::LoopThread callee_;
  FunctionPeer peer_;
  PeerEndpoint endpoint_;
  SignedGuard guard_;
  http::Router router_;
  HttpTransport transport_;
  std::unique_ptr<http::Server> server_;
  std::optional<runtime::Listening> silent_;
  std::uint16_t deadPort_ = 0;
};

}  // namespace mydht::peer::testing
