#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mydht {

/// One thing that this program did to a file or a name below the recorded directory, or a mark of the test's own.
struct DiskEvent {
  enum class Kind : std::uint8_t {
    MakeFile,
    MakeDirectory,
    Write,
    Resize,
    Rename,
    Remove,
    Flush,
    SyncBegins,
    Sync,
    Mark
  };
  Kind kind = Kind::Mark;
  ino_t node = 0;            ///< the file or directory, whatever its name is by then
  std::string path{};        ///< MakeFile, MakeDirectory, Rename, Remove: below the recorded directory
  std::string target{};      ///< Rename: its new path
  std::string bytes{};       ///< Write
  std::uint64_t number = 0;  ///< Write: the place; Resize: the new size; Mark: which
};

// From one call to the other all that this program does below one directory is noted, in order: its own calls of open,
// write, rename, unlink, fsync and the like, which its libraries find first too, take them down and do what they are
// asked. Any thread.

/// The directory, as it is now, counts as synced: the first events, of which this says how many, make it so.
std::size_t startRecording(const std::string& directory);
std::vector<DiskEvent> stopRecording();
void recordMark(std::uint64_t number);

}  // namespace mydht
