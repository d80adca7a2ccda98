#pragma once

#include <cstddef>
#include <string>

namespace mydht {

// What a power cut would leave of a directory: this program's own fsync and fdatasync, which RocksDB's library finds
// first too, note what they sync. A file's bytes are as at its own last sync; a name is there only if its directory was
// synced with it. Nothing else survives: the strictest disk that POSIX allows. Any thread.

/// From now on everything below this directory is noted; what was noted before is forgotten.
void watchSyncs(const std::string& directory);
/// Builds what a power cut at this moment would leave, in a new empty directory.
void restoreSynced(const std::string& target);
/// From now on syncs say that they are done and note nothing: a lying disk, to prove that the test can fail.
void ignoreSyncs(bool ignore);
/// From now on syncs of watched files whose names end so fail with EIO; empty: none do.
void failSyncsOf(const std::string& nameEnd);

}  // namespace mydht
