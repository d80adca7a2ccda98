#include "client/folder.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "client/hidden_names.h"
#include "client/temporary_file.h"

namespace mydht::client {

namespace {

constexpr mode_t kFileMode = 0666;
constexpr mode_t kFolderMode = 0777;

Error refuse(std::string text) {
  return {Kind::BadRequest, std::move(text)};
}

Status checkPart(std::string_view part) {
  if (part.empty()) return refuse("a part of its name is empty");
  if (part == "." || part == "..") return refuse(fmt::format("a part of its name is '{}'", part));
  if (part.size() > NAME_MAX) return refuse(fmt::format("a part of its name is over {} bytes", NAME_MAX));
  if (isHiddenName(part)) return refuse(fmt::format("'{}' is the name of an unfinished file", part));
  return {};
}

/// The last part of a name.
std::string lastPart(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

/// A file that appears in a folder when it is whole.
class FolderOutput final : public Output {
 public:
  FolderOutput(FileHandle directory, std::string name, std::string shown)
      : directory_(std::move(directory)), name_(std::move(name)), shown_(std::move(shown)) {}

  Status open() override {
    struct stat found {};
    const bool exists = ::fstatat(directory_.get(), name_.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && S_ISDIR(found.st_mode)) return fileError("cannot write", shown_, EISDIR);
    if (exists && !S_ISREG(found.st_mode)) {
      return Error{Kind::Io, fmt::format("cannot write {}: a link or device of that name is in the way", shown_)};
    }
    auto file = TemporaryFile::in(std::move(directory_), name_, exists ? found.st_mode & 0777 : kFileMode);
    if (!file) return file.error().within("cannot write " + shown_);
    file_ = std::move(*file);
    return {};
  }

  Status write(std::string_view piece) override { return named(writeAll(file_->handle(), piece)); }
  Status commit() override { return named(file_->publish()); }

 private:
  Status named(const Status& status) const { return status ? status : status.error().within("cannot write " + shown_); }

  FileHandle directory_;
  std::string name_;
  std::string shown_;
  std::unique_ptr<TemporaryFile> file_;
};

/// mkdir -p.
Status makeAll(const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), kFolderMode) != 0 && errno != EEXIST) return fileError("cannot make folder", part);
  }
  return {};
}

/// A folder in a folder, never through a link.
FileHandle openBelow(int directory, const std::string& part) {
  return FileHandle(::openat(directory, part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

Status checkFileName(std::string_view name) {
  if (name.empty()) return refuse("its name would be empty");
  if (name.front() == '/') return refuse("its name would begin with '/'");
  if (name.find('\0') != std::string_view::npos) return refuse("its name holds a NUL");
  while (true) {
    const std::size_t slash = name.find('/');
    if (const Status fine = checkPart(name.substr(0, slash)); !fine) return fine;
    if (slash == std::string_view::npos) return {};
    name.remove_prefix(slash + 1);
  }
}

Result<Folder> Folder::make(const std::string& path) {
  FileHandle handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.isOpen() && errno == ENOENT) {
    if (const Status made = makeAll(path); !made) return made.error();
    handle = FileHandle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  if (!handle.isOpen()) return fileError("cannot open folder", path);
  return Folder(path, std::move(handle));
}

Result<FileHandle> Folder::open(const std::string& name) const {
  const Error missing{Kind::NotFound, "no such file"};
  const auto parent = parentOf(name, false);
  if (!parent) return missing;
  FileHandle file(::openat(parent->get(), lastPart(name).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat found {};
  if (!file.isOpen() || ::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return missing;
  return file;
}

Result<std::unique_ptr<Output>> Folder::output(const std::string& name) const {
  if (const Status fine = checkFileName(name); !fine) return fine.error();
  auto parent = parentOf(name, true);
  if (!parent) return parent.error();
  return std::unique_ptr<Output>(std::make_unique<FolderOutput>(std::move(*parent), lastPart(name), pathOf(name)));
}

/// The folder that a file lies in, a part of the way after another.
Result<FileHandle> Folder::parentOf(const std::string& name, bool makes) const {
  FileHandle at(::openat(handle_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at.isOpen()) return fileError("cannot open folder", path_);
  std::size_t begin = 0;
  for (std::size_t end = name.find('/'); end != std::string::npos; end = name.find('/', begin)) {
    const std::string part = name.substr(begin, end - begin);
    FileHandle next = openBelow(at.get(), part);
    if (!next.isOpen() && errno == ENOENT && makes) {
      if (::mkdirat(at.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return fileError("cannot make folder", pathOf(name.substr(0, end)));
      }
      next = openBelow(at.get(), part);
    }
    // Through O_NOFOLLOW and O_DIRECTORY a link shows itself as ENOTDIR, as a file does.
    if (!next.isOpen()) return fileError("cannot open folder", pathOf(name.substr(0, end)));
    at = std::move(next);
    begin = end + 1;
  }
  return at;
}

}  // namespace mydht::client
