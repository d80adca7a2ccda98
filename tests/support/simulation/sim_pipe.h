#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "server/task/gate.h"
#include "tests/support/simulation/sim_network.h"

namespace mydht::simulation {

/// A body on its way from one simulated node to another: pulled at one end, read at the other, with a small window
/// between. Breaks off when either end dies. Shared by both ends, one thread.
class SimPipe : public std::enable_shared_from_this<SimPipe> {
 public:
  SimPipe(SimEndpoint& from, SimEndpoint& to);
  ~SimPipe();

  /// What goes into a pipe, and who is told of it.
  struct Source {
    Body body;
    std::function<void()> whenBroken = nullptr;  ///< the body itself broke off
    std::function<void()> whenMoved = nullptr;   ///< a piece of it went in
  };
  /// Pumps the source into a pipe and returns the far end.
  static std::unique_ptr<ByteSource> lay(SimEndpoint& from, SimEndpoint& to, Source source);
  /// One of the ends has died.
  void breakOff();

 private:
  class Reader;
  Task<> pump(std::shared_ptr<SimPipe> self, std::unique_ptr<ByteSource> source);

  SimEndpoint& from_;
  SimEndpoint& to_;
  const std::uint64_t number_;
  std::deque<Bytes> window_;
  std::optional<std::uint64_t> size_;
  std::function<void()> whenBroken_;
  std::function<void()> whenMoved_;
  bool ended_ = false;
  bool broken_ = false;
  bool readerGone_ = false;
  Signal room_;   // the writing end waits here
  Signal bytes_;  // the reading end waits here
};

}  // namespace mydht::simulation
