#include "tests/support/load/load.h"

#include <algorithm>
#include <chrono>

#include "tests/support/processes/process.h"

namespace mydht::support {
namespace {

constexpr unsigned kKeysOfOne = 30;
// So that the clients leave the nodes something of two busy cores.
constexpr auto kPause = std::chrono::milliseconds(2);

/// A put or delete that was done; to delete what is not there is as good.
bool isDone(const HttpAnswer& answer, bool deleting) {
  return answer.status == 201 || answer.status == 204 || (deleting && answer.status == 404);
}

bool deletes(std::size_t operation) {
  return operation % 6 == 5;
}

std::size_t sizeOf(const std::string& key, std::size_t operation) {
  if (key == "/0/0") return 2'500'000;
  if (operation % 9 == 4) return 300 * 1024;
  if (operation % 5 == 2) return 40'000;
  return 100;
}

/// What an operation on a key leaves behind; none: it deletes.
std::optional<std::string> valueOf(const std::string& key, std::size_t operation) {
  if (operation == 0 || deletes(operation)) return std::nullopt;
  std::string value = key + " " + std::to_string(operation) + ".";
  value.resize(sizeOf(key, operation), static_cast<char>('a' + operation % 26));
  return value;
}

std::string keyOf(unsigned writer, unsigned number) {
  return "/" + std::to_string(writer) + "/" + std::to_string(number);
}

}  // namespace

void Ports::add(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  ports_.push_back(port);
}

void Ports::drop(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  std::erase(ports_, port);
}

std::uint16_t Ports::any(std::mt19937& random) const {
  const std::lock_guard lock(mutex_);
  return ports_[random() % ports_.size()];
}

Load::Load(Ports& ports, unsigned writers, unsigned readers) : ports_(ports) {
  for (unsigned writer = 0; writer < writers; ++writer) {
    for (unsigned number = 0; number < kKeysOfOne; ++number) keys_[keyOf(writer, number)];
  }
  for (unsigned writer = 0; writer < writers; ++writer) threads_.emplace_back([this, writer] { write(writer); });
  for (unsigned reader = 0; reader < readers; ++reader) threads_.emplace_back([this, reader] { readAll(reader); });
}

Load::~Load() {
  stop();
}

void Load::stop() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Load::report(const std::string& what) {
  const std::lock_guard lock(mutex_);
  broken_.push_back(what);
}

std::vector<std::string> Load::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

void Load::write(unsigned writer) {
  std::mt19937 random(writer);
  while (!stop_) {
    std::this_thread::sleep_for(kPause);
    ++writing_;
    if (paused_) {
      --writing_;
      continue;
    }
    const std::string key = keyOf(writer, static_cast<unsigned>(random() % kKeysOfOne));
    std::size_t operation = 0;
    {
      const std::lock_guard lock(mutex_);
      operation = ++keys_[key].begun;
    }
    const auto value = valueOf(key, operation);
    const auto answer = ask(ports_.any(random), {value ? "PUT" : "DELETE", key, "", value.value_or("")});
    noteOutcome(key, operation, answer);
    ++written_;
    --writing_;
  }
}

void Load::noteOutcome(const std::string& key, std::size_t operation, const HttpAnswer& answer) {
  const std::lock_guard lock(mutex_);
  Key& state = keys_[key];
  if (isDone(answer, deletes(operation))) {
    state.settled = operation;
    return;
  }
  ++refused_;
  const bool notDone = answer.status == 507 || answer.body.find("\"not-done\"") != std::string::npos;
  if (!notDone) state.unknown.insert(operation);
}

void Load::pauseWriting() {
  paused_ = true;
  while (writing_ > 0) std::this_thread::sleep_for(kPause);
}

void Load::readAll(unsigned reader) {
  std::mt19937 random(1000 + reader);
  std::vector<std::string> keys;
  for (const auto& [key, state] : keys_) keys.push_back(key);  // the keys themselves never change
  while (!stop_) {
    check(keys[random() % keys.size()], random);
    std::this_thread::sleep_for(kPause);
  }
}

void Load::check(const std::string& key, std::mt19937& random) {
  HttpAnswer answer;
  std::size_t settled = 0;
  const bool answered = eventually([&] {
    {
      const std::lock_guard lock(mutex_);
      settled = keys_[key].settled;
    }
    answer = get(ports_.any(random), key);
    const bool said = answer.whole && (answer.status == 200 || answer.status == 404);
    if (!said) ++refused_;
    return said;
  });
  ++read_;
  if (!answered) return report(key + " cannot be read: " + std::to_string(answer.status) + " " + answer.body);
  Key state;
  {
    const std::lock_guard lock(mutex_);
    state = keys_[key];
  }
  std::set<std::size_t> possible = state.unknown;
  for (std::size_t operation = settled; operation <= state.begun; ++operation) possible.insert(operation);
  for (const std::size_t operation : possible) {
    const auto value = valueOf(key, operation);
    if (value ? answer.status == 200 && answer.body == *value : answer.status == 404) return;
  }
  report(key + " is " + std::to_string(answer.status) + " " + answer.body.substr(0, 30) + ", not one of " +
         std::to_string(settled) + " to " + std::to_string(state.begun));
}

/// Where the outcome of an operation is not known, another one follows that is above it at every home node.
void Load::settle(const std::string& key) {
  std::mt19937 random(7);
  const bool settled = eventually([&] {
    const std::size_t operation = ++keys_[key].begun;
    const auto value = valueOf(key, operation);
    const auto answer =
        ask(ports_.any(random), {value ? "PUT" : "DELETE", key + "?consistency=all", "", value.value_or("")});
    const bool done = isDone(answer, !value);
    if (done) keys_[key].settled = operation;
    return done;
  });
  keys_[key].unknown.clear();
  if (!settled) broken_.push_back(key + " cannot be written");
}

std::map<std::string, std::optional<std::string>> Load::values() {
  const std::lock_guard lock(mutex_);  // readers wait
  std::map<std::string, std::optional<std::string>> values;
  for (auto& [key, state] : keys_) {
    if (state.settled != state.begun || !state.unknown.empty()) settle(key);
    values[key] = valueOf(key, state.settled);
  }
  return values;
}

}  // namespace mydht::support
