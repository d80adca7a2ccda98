#include "server/runtime/open_files.h"

#include <sys/resource.h>

#include <algorithm>

#include "common/result/check.h"

namespace mydht::runtime {
namespace {

constexpr std::size_t kMostBlobs = 512;
constexpr std::size_t kMostTables = 256;
/// Logs, the manifest, what a compaction writes.
constexpr std::size_t kOtherFiles = 64;

}  // namespace

std::size_t raiseOpenFileLimit() {
  rlimit limit{};
  MYDHT_ASSERT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return limit.rlim_max;
  return limit.rlim_cur;
}

std::size_t openFileLimit() {
  rlimit limit{};
  MYDHT_ASSERT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  return limit.rlim_cur;
}

OpenFileShares sharesOf(std::size_t limit) {
  OpenFileShares shares;
  shares.connections = limit / 2;
  shares.blobs = std::min(kMostBlobs, limit / 8);
  shares.tables = std::min(kMostTables, limit / 8);
  shares.reserve = shares.tables + std::min(kOtherFiles, limit / 16);
  return shares;
}

bool leavesReserve(int descriptor) {
  const std::size_t limit = openFileLimit();
  return static_cast<std::size_t>(descriptor) < limit - sharesOf(limit).reserve;
}

}  // namespace mydht::runtime
