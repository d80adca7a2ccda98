#pragma once

#include <cstddef>

namespace mydht::runtime {

/// Lets this process open as many files as the system allows it at most, and returns how many that are: a connection is
/// one. To be called at the start of the program.
std::size_t raiseOpenFileLimit();

/// How many this process may have open now. Any thread.
std::size_t openFileLimit();

/// How a process divides what it may open, so that clients, however many come, cannot keep the database from opening
/// its files: that would end all writing until a restart.
struct OpenFileShares {
  std::size_t connections = 0;  ///< from clients and nodes
  std::size_t blobs = 0;        ///< large values kept open
  std::size_t tables = 0;       ///< of the database
  std::size_t reserve = 0;      ///< the last ones, for the database alone
};
OpenFileShares sharesOf(std::size_t limit);

/// Whether the reserve is untouched when this is open: the system gives the lowest free number. Else whoever opened it
/// closes it and fails, as if the limit had come earlier. Any thread.
bool leavesReserve(int descriptor);

}  // namespace mydht::runtime
