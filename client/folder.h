#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "client/file_handle.h"
#include "client/output.h"
#include "common/result/result.h"

namespace mydht::client {

/// Whether a name may be that of a file below a folder: parts with '/' between them, none of them empty, "." or "..",
/// none longer than a file system takes, no NUL, and no hidden name of our unfinished files. BadRequest says what
/// stands against it.
Status checkFileName(std::string_view name);

/// A folder that files of given names go into: below it, never outside, wherever links that lie there may lead. Owned
/// by a command; any thread.
class Folder {
 public:
  /// Opens the folder; makes it, and those above it, if it is not there.
  static Result<Folder> make(const std::string& path);

  /// Opens a file to read; one that is no regular file is as good as missing. NotFound if there is none.
  Result<FileHandle> open(const std::string& name) const;

  /// An output that makes the file, or takes the place of an older one, when it is whole. Folders on the way are made.
  /// What stands in the way (a file where a folder is needed, a link, a folder of that name) stays, and is an error.
  Result<std::unique_ptr<Output>> output(const std::string& name) const;

  std::string pathOf(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  Folder(std::string path, FileHandle handle) : path_(std::move(path)), handle_(std::move(handle)) {}
  Result<FileHandle> parentOf(const std::string& name, bool makes) const;

  std::string path_;
  FileHandle handle_;
};

}  // namespace mydht::client
