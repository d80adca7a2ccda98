#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "common/result/result.h"

namespace mydht::client {

/// An open file, closed by its end. Movable, one owner.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int handle) : handle_(handle) {}
  FileHandle(FileHandle&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~FileHandle();

  int get() const { return handle_; }
  bool isOpen() const { return handle_ >= 0; }

 private:
  int handle_ = -1;
};

/// `DOING NAME: what the system said`, from errno.
Error fileError(std::string_view doing, std::string_view name, int code = errno);

/// Writes all bytes to an open file. The bare reason otherwise.
Status writeAll(int handle, std::string_view bytes);

}  // namespace mydht::client
