#pragma once

#include <cstddef>

namespace mydht::runtime {

/// Lets this process open as many files as the system allows it at most, and returns how many that are: a connection is
/// one. To be called at the start of the program.
std::size_t raiseOpenFileLimit();

}  // namespace mydht::runtime
