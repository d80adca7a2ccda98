#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result/result.h"

namespace mydht::disk {

// Tells a log of RocksDB that ends in one unfinished write from one that lost something acknowledged, which none of
// RocksDB's own recovery modes does (docs/storage-format.md has what was tried).

enum class LogState {
  Whole,    ///< every record matches and none is missing between them
  Torn,     ///< one unfinished write at the end
  Damaged,  ///< a record begins after a bad place, or one is missing
};

/// What a log looks like.
struct LogVerdict {
  LogState state = LogState::Whole;
  std::uint64_t offset = 0;  ///< of the first bad place
};

/// What a log's records are: writes, which are numbered, or changes of the database's list of files, which are not.
enum class LogRecords { Writes, FileChanges };

/// Judges the bytes of one log file.
LogVerdict checkLog(std::string_view bytes, LogRecords records = LogRecords::Writes);

/// Judges every log in a RocksDB directory; blocks. Corrupt, with the file's name, when one is damaged. No directory,
/// no logs.
Result<> checkLogs(const std::string& directory);

/// Cuts an unfinished write off the end of the list of files of a RocksDB directory (its MANIFEST), synced; blocks.
/// RocksDB takes a torn end that holds other bytes for damage there, and opens nothing, though it removes no file and
/// acknowledges nothing before a change of that list is synced. No directory, no list.
Result<> cutTornFileList(const std::string& directory);

}  // namespace mydht::disk
