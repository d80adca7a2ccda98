#pragma once

#include <sys/types.h>

#include <cstddef>

namespace mydht {

/// What a process holds now, by /proc.
struct Resources {
  std::size_t residentKib = 0;
  std::size_t anonymousKib = 0;  ///< of these, its own memory: no files
  std::size_t sockets = 0;
  std::size_t descriptors = 0;  ///< the sockets among them
};

Resources resourcesOf(pid_t process);

}  // namespace mydht
