#include "client/file_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "client/file_handle.h"
#include "client/hidden_names.h"

namespace mydht::client {

namespace {

/// Looks through one folder after another and collects.
class Walk {
 public:
  explicit Walk(std::string folder) : folder_(std::move(folder)) {}

  /// `below`: a folder's name with a '/' behind it, "" for the first one.
  Status folder(const std::string& below) {
    const std::string path = folder_ + "/" + below;
    const auto close = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(close)> stream(::opendir(path.c_str()), close);
    if (stream == nullptr) return fileError("cannot open folder", below.empty() ? folder_ : path);
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr && errno != 0) return fileError("cannot read folder", path);
      if (entry == nullptr) return {};
      const std::string_view name = entry->d_name;
      if (name != "." && name != ".." && !isHiddenName(name)) add(::dirfd(stream.get()), below, std::string(name));
    }
  }

  FileTree take() {
    std::sort(found_.files.begin(), found_.files.end(),
              [](const TreeFile& a, const TreeFile& b) { return a.name < b.name; });
    return std::move(found_);
  }

 private:
  void add(int directory, const std::string& below, const std::string& last) {
    const std::string name = below + last;
    struct stat found {};
    if (::fstatat(directory, last.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return refuse(name, errno);
    const bool link = S_ISLNK(found.st_mode);
    if (link && ::fstatat(directory, last.c_str(), &found, 0) != 0) return refuse(name, errno);
    if (S_ISREG(found.st_mode)) {
      found_.files.push_back({name, static_cast<std::uint64_t>(found.st_size)});
    } else if (S_ISDIR(found.st_mode) && !link) {
      const Status looked = folder(name + "/");
      if (!looked) found_.refused.emplace_back(name, looked.error());
    } else {
      const char* what = link ? "a link to a folder or device is not followed" : "neither a file nor a folder";
      found_.refused.emplace_back(name, Error{Kind::BadRequest, what});
    }
  }

  void refuse(const std::string& name, int code) {
    found_.refused.emplace_back(name, fileError("cannot open", folder_ + "/" + name, code));
  }

  const std::string folder_;
  FileTree found_;
};

}  // namespace

Result<FileTree> filesBelow(const std::string& folder) {
  Walk walk(folder);
  if (const Status looked = walk.folder(""); !looked) return looked.error();
  return walk.take();
}

}  // namespace mydht::client
