#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "client/body.h"
#include "client/progress_line.h"

namespace mydht::client {

/// What whoever waits sees of a transfer: a bar on standard error, drawn anew ten times a second at most, from the
/// first second on, and gone at the end. Only on a terminal. Owned by a command; any thread may call, and none waits
/// here for another.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  enum class About { OneValue, Files };

  /// `wanted`: false draws nothing (--quiet, --json).
  Progress(bool wanted, About about);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Takes the bar away.
  ~Progress();

  /// So many more bytes, or files, are going to come.
  void expect(std::uint64_t bytes) { expectedBytes_ += bytes; }
  /// The same for one value alone, whose size its answer tells; those of many files are expected beforehand.
  void expectValue(std::uint64_t bytes) {
    if (about_ == About::OneValue) expect(bytes);
  }
  void expectFiles(std::uint64_t files) { expectedFiles_ += files; }
  /// Nothing more than what is expected is going to come: from now on it can be told how much is left. So it is from
  /// the beginning for one value.
  void allExpected() { totalIsKnown_ = true; }

  void add(std::uint64_t bytes);
  /// What was counted is going to come once more.
  void takeBack(std::uint64_t bytes) { bytes_ -= bytes; }
  void addFile();

 private:
  void drawIfDue();
  void draw(Clock::time_point now);
  double rate(Clock::time_point now);

  const bool drawn_;
  const About about_;
  const Clock::time_point begun_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> expectedBytes_ = 0;
  std::atomic<std::uint64_t> files_ = 0;
  std::atomic<std::uint64_t> expectedFiles_ = 0;
  std::atomic<bool> totalIsKnown_;

  std::mutex drawing_;  ///< held by who draws; what follows is only touched under it
  Clock::time_point next_;
  bool visible_ = false;
  std::deque<std::pair<Clock::time_point, std::uint64_t>> samples_;
};

/// A body whose bytes count as they are sent. Borrows both for its life.
class CountedBody final : public BodySource {
 public:
  CountedBody(BodySource& body, Progress& progress) : body_(body), progress_(progress) {}

  std::optional<std::uint64_t> size() const override { return body_.size(); }
  std::optional<Digest> digest() const override { return body_.digest(); }
  Result<std::size_t> read(std::span<char> into) override;
  bool rewind() override;

 private:
  BodySource& body_;
  Progress& progress_;
  std::uint64_t counted_ = 0;
};

}  // namespace mydht::client
