#pragma once

#include <memory>
#include <string>

#include "server/disk/rocks_disk.h"
#include "server/runtime/blocking_pool.h"
#include "server/runtime/loop_thread.h"
#include "server/runtime/run_on.h"

namespace mydht {

/// A RocksDisk in a directory with a loop and a pool to call it from, for tests. The test's thread owns it.
class RealDisk {
 public:
  explicit RealDisk(std::string path, disk::RocksDiskOptions options = {}) : path_(std::move(path)), options_(options) {
    options_.reserveBytes = 0;
    open();
  }
  ~RealDisk() { close(); }

  bool isOpen() const { return disk_ != nullptr; }
  disk::RocksDisk& disk() { return *disk_; }
  /// Why the last open failed.
  const Error& error() const { return error_; }

  template <class T>
  T run(Task<T> task) {
    return runtime::runOn(loop_.loop(), std::move(task));
  }

  void open() {
    auto directory = disk::DataDirectory::open(path_);
    if (!directory) {
      error_ = directory.error();
      return;
    }
    directory_ = std::move(*directory);
    directory_->keep();
    auto disk = disk::RocksDisk::open(*directory_, pool_, options_);
    if (disk) {
      disk_ = std::move(*disk);
    } else {
      error_ = disk.error();
      directory_.reset();
    }
  }

  void close() {
    disk_.reset();
    directory_.reset();
  }

 private:
  std::string path_;
  disk::RocksDiskOptions options_;
  Error error_{Kind::Io, "not opened yet"};
  runtime::LoopThread loop_;
  runtime::BlockingPool pool_{4, 10'000};
  std::unique_ptr<disk::DataDirectory> directory_;
  std::unique_ptr<disk::RocksDisk> disk_;
};

}  // namespace mydht
