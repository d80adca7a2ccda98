#include "tests/system/hostile_clients/workers.h"

#include "tests/support/http_client/http_client.h"

namespace mydht {
namespace {

using Clock = std::chrono::steady_clock;
using support::HttpClient;

constexpr std::size_t kSmall = 1024;
/// A file of its own on the node, so that the test sees descriptors for files too.
constexpr std::size_t kLarge = 100'000;
constexpr std::size_t kLargeEvery = 50;
constexpr std::size_t kKeys = 20;

}  // namespace

Workers::Workers(std::uint16_t port, unsigned count) : port_(port) {
  for (unsigned number = 0; number < count; ++number) threads_.emplace_back([this, number] { work(number); });
}

void Workers::stop() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

double Workers::measure(std::chrono::milliseconds time) const {
  const std::size_t before = done_;
  const auto begin = Clock::now();
  std::this_thread::sleep_for(time);
  const std::chrono::duration<double> took = Clock::now() - begin;
  return static_cast<double>(done_ - before) / took.count();
}

std::vector<std::string> Workers::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

void Workers::report(const std::string& what) {
  const std::lock_guard lock(mutex_);
  broken_.push_back(what);
}

void Workers::work(unsigned number) {
  HttpClient client(port_);
  for (std::size_t i = 0; !stop_; ++i) {
    const std::string target = "/job/" + std::to_string(number) + "/" + std::to_string(i % kKeys);
    const std::string value(i % kLargeEvery == kLargeEvery - 1 ? kLarge : kSmall, static_cast<char>('a' + i % 26));
    client.send({"PUT", target, "", value});
    const auto stored = client.answer(http::Method::Put);
    client.send({"GET", target, "", ""});
    const auto read = client.answer();
    done_ += 2;
    const bool right = (stored.status == 201 || stored.status == 204) && read.status == 200 && read.body == value;
    if (right) continue;
    report(target + ": put " + std::to_string(stored.status) + " " + stored.body + ", get " +
           std::to_string(read.status) + (read.status == 200 ? "" : " " + read.body));
    return;
  }
}

}  // namespace mydht
