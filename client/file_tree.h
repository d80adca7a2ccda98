#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/result/result.h"

namespace mydht::client {

/// A file below a folder.
struct TreeFile {
  std::string name;  ///< relative, with '/' between its parts
  std::uint64_t size = 0;
};

/// The files below a folder, in the order of the bytes of their names. A value.
struct FileTree {
  std::vector<TreeFile> files;
  std::vector<std::pair<std::string, Error>> refused;  ///< what is there and cannot be read as a file, and why
};

/// Looks through a folder and those in it. A link to a file counts as that file; links to folders, which may lead
/// around in a ring, and what is neither file nor folder are refused. Unfinished files of our own are passed over. Io
/// if the folder itself cannot be read.
Result<FileTree> filesBelow(const std::string& folder);

}  // namespace mydht::client
