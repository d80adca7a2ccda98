#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "client/file_handle.h"
#include "common/result/result.h"

namespace mydht::client {

/// A file under another name in the directory of the one that it is to become. It is gone with this object unless it
/// was published, and also if the process is ended by SIGINT, SIGTERM or SIGHUP meanwhile. Owned by an Output; at most
/// one at a time in a process, since a signal handler has to know its name. Errors are the bare reason.
class TemporaryFile {
 public:
  /// Makes the file. If `target` is a link, its end is what will be replaced. The mode is cut by the umask.
  static Result<std::unique_ptr<TemporaryFile>> beside(const std::string& target, mode_t mode);

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  int handle() const { return file_.get(); }

  /// Syncs the file, gives it the target's name and syncs that too.
  Status publish();

 private:
  TemporaryFile(std::string target, std::string directory, std::string name)
      : target_(std::move(target)), directory_(std::move(directory)), name_(std::move(name)) {}

  std::string target_;
  std::string directory_;
  std::string name_;
  FileHandle file_;
};

}  // namespace mydht::client
