#pragma once

#include <cstddef>

#include "common/result/check.h"
#include "server/metrics/count.h"

namespace mydht::http {

/// How many of its clients' requests one loop works on now, and how many it may: what comes beyond is refused at once,
/// so that those that were taken end in time, and so that whatever they wait in (the disk's queue, the pool's, the
/// calls to other nodes) is bounded as well, since each of them waits in one place. Owned by the loop's Shared; own
/// thread, the count excepted.
class Load {
 public:
  explicit Load(std::size_t most) : most_(most) {}

  bool full() const { return busy_ >= most_; }
  std::size_t busy() const { return busy_; }
  void refused() { refusals_.add(1); }
  const metrics::Count& refusals() const { return refusals_; }

 private:
  friend class Work;
  const std::size_t most_;
  std::size_t busy_ = 0;
  metrics::Count refusals_;
};

/// One request's place among those that its loop works on: from its admission to its answer, but for the time in which
/// its own client has to send something. So a client that is slow, or does it on purpose, takes nobody's place. Owned
/// by the connection while it answers, on its loop alone.
class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  ~Work() { end(); }

  /// Takes a place; false: there is none. Once.
  bool begin(Load& load) {
    MYDHT_ASSERT(load_ == nullptr);
    if (load.full()) {
      load.refused();
      return false;
    }
    load_ = &load;
    go();
    return true;
  }
  /// The client has to send something: the place is free meanwhile.
  void pause() {
    if (load_ != nullptr && counted_) stand();
  }
  /// The client has sent it. False if others have taken all places meanwhile, and this one `mayEnd`; one that may not
  /// goes on beyond the bound.
  bool resume(bool mayEnd) {
    if (load_ == nullptr || counted_) return true;
    if (mayEnd && load_->full()) {
      load_->refused();
      load_ = nullptr;
      return false;
    }
    go();
    return true;
  }
  void end() {
    pause();
    load_ = nullptr;
  }

 private:
  void go() {
    ++load_->busy_;
    counted_ = true;
  }
  void stand() {
    --load_->busy_;
    counted_ = false;
  }

  Load* load_ = nullptr;
  bool counted_ = false;
};

}  // namespace mydht::http
