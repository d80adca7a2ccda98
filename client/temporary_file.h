#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "client/file_handle.h"
#include "client/hidden_names.h"
#include "common/result/result.h"

namespace mydht::client {

/// A file without a name that gets one only when it is whole: whatever ends the process before, SIGKILL too, leaves
/// nothing of it. Where a file system has no such files it has a hidden name meanwhile and is locked: it is removed on
/// SIGINT, SIGTERM and SIGHUP, and what SIGKILL leaves of it is removed by the next one in that directory, since nobody
/// holds its lock any more. Owned by an Output; many at a time, each in one thread. Errors are the bare reason.
class TemporaryFile {
 public:
  /// Makes the file that is to be `name` in `directory`, with a mode that is cut by the umask.
  static Result<std::unique_ptr<TemporaryFile>> in(FileHandle directory, std::string name, mode_t mode);
  /// The same with a hidden name, as where it cannot be without.
  static Result<std::unique_ptr<TemporaryFile>> hiddenIn(FileHandle directory, std::string name, mode_t mode);

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  int handle() const { return file_.get(); }

  /// Syncs the file, gives it its name, in the place of an older file if there is one, and syncs that too.
  Status publish();

 private:
  TemporaryFile(FileHandle directory, std::string target)
      : directory_(std::move(directory)), target_(std::move(target)) {}

  bool openNameless(mode_t mode);
  Status openHidden(mode_t mode);
  Status linkHidden();
  Status giveName();
  Status renameHidden();

  FileHandle directory_;
  std::string target_;
  FileHandle file_;
  std::string hidden_;  ///< its name meanwhile, "" while it has none
  std::optional<RemovedBySignal> removed_;
};

}  // namespace mydht::client
