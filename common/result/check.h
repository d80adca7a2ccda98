#pragma once

namespace mydht {

/// Prints the broken invariant and ends the process: going on could harm data. Any thread.
[[noreturn]] void invariantBroken(const char* condition, const char* file, int line);

}  // namespace mydht

/// Asserts an invariant in every build, tests and release alike.
#define MYDHT_ASSERT(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::mydht::invariantBroken(#condition, __FILE__, __LINE__))
