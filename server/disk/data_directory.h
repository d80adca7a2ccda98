#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/result/result.h"
#include "server/disk/posix_file.h"

namespace mydht::disk {

/// A node's data directory: made, checked, and locked against every other process while this lives. Owned by node,
/// which opens it before anything else; outlives the RocksDisk in it. One thread.
/// A directory that this has made is removed again in the destructor unless keep() was called: a start that fails
/// leaves nothing behind. docs/storage-format.md has the layout.
class DataDirectory {
 public:
  /// The newest format that this program writes and reads.
  static constexpr unsigned kFormat = 1;

  /// Makes the directory (and what is missing above it) or opens it. Each error is one line that names the path:
  /// Conflict = another process holds it; Forbidden = not writable; BadRequest = something else lives there, or a newer
  /// format.
  static Result<std::unique_ptr<DataDirectory>> open(const std::string& path);

  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;
  ~DataDirectory();

  /// Absolute, so that a later change of the working directory does no harm.
  const std::string& path() const { return path_; }
  std::string rowsPath() const { return path_ + "/rows"; }
  std::string blobsPath() const { return path_ + "/blobs"; }
  /// No FORMAT yet: there may be no rows either.
  bool isNew() const { return new_; }

  /// Writes FORMAT, synced: from now on the rows must be there at every start. Called once the rows exist.
  Result<> finish();
  /// The node serves: what was made stays.
  void keep() { made_.clear(); }

 private:
  explicit DataDirectory(std::string path) : path_(std::move(path)) {}
  Result<> make();
  Result<> lock();
  Result<> readFormat();
  void removeMade();

  std::string path_;
  PosixFile lock_;
  bool new_ = false;
  bool ours_ = false;  ///< locked by us: only then may anything be removed
  bool wasEmpty_ = false;
  std::vector<std::string> made_;  ///< what to remove again, outermost first; empty when nothing is
};

/// The same error with what to do about a directory in which something that was acknowledged is damaged or missing, if
/// that is what it says: the node must not vote with it.
Error withAdvice(const Error& error);

}  // namespace mydht::disk
