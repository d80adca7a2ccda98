#include "server/runtime/open_files.h"

#include <sys/resource.h>

#include "common/result/check.h"

namespace mydht::runtime {

std::size_t raiseOpenFileLimit() {
  rlimit limit{};
  MYDHT_ASSERT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return limit.rlim_max;
  return limit.rlim_cur;
}

}  // namespace mydht::runtime
