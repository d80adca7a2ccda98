#include <random>

#include "tests/support/simulation/sim_disk.h"
#include "tests/support/simulation/sim_executor.h"
#include "tests/unit/server/disk/disk_subject.h"

namespace mydht {
namespace {

class Seeded final : public Random {
 public:
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{7};
};

class SimulatedSubject final : public DiskSubject {
 public:
  SimulatedSubject() : disk_(std::make_unique<simulation::SimDisk>(medium_, random_)) {}

  Disk& disk() override { return *disk_; }
  void run(std::function<Task<>()> make) override { time_.run(executor_, make()); }
  void restart() override {
    disk_.reset();
    disk_ = std::make_unique<simulation::SimDisk>(medium_, random_);
  }
  void corrupt(BlobId blob, std::uint64_t offset) override { MYDHT_ASSERT(medium_.corruptBlob(blob, offset)); }

 private:
  simulation::SimTime time_;
  simulation::SimExecutor executor_{time_};
  Seeded random_;
  simulation::SimMedium medium_;
  std::unique_ptr<simulation::SimDisk> disk_;
};

}  // namespace

std::unique_ptr<DiskSubject> simulatedDisk() {
  return std::make_unique<SimulatedSubject>();
}

}  // namespace mydht
