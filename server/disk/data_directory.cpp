#include "server/disk/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace mydht::disk {
namespace {

namespace fs = boost::filesystem;

constexpr std::string_view kFormatName = "mydht-data ";
constexpr std::array<std::string_view, 6> kNames{"LOCK", "FORMAT", "FORMAT.new", "RESERVE", "rows", "blobs"};

/// `lost+found` is there when the directory is a file system of its own.
bool isOurs(const std::string& name) {
  return name == "lost+found" || std::ranges::find(kNames, name) != kNames.end();
}

/// What is in the directory, by name.
Result<std::vector<std::string>> namesIn(const std::string& path) {
  boost::system::error_code error;
  fs::directory_iterator at(path, error);
  if (error) return Error{Kind::Forbidden, "data directory " + path + ": " + error.message()};
  std::vector<std::string> names;
  for (; at != fs::directory_iterator(); at.increment(error)) names.push_back(at->path().filename().string());
  return names;
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const std::string& path) {
  boost::system::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (path.empty() || error) return Error{Kind::BadRequest, "data directory '" + path + "' is no path"};
  std::unique_ptr<DataDirectory> directory(new DataDirectory(absolute.string()));
  for (const auto step : {&DataDirectory::make, &DataDirectory::lock, &DataDirectory::readFormat}) {
    const auto done = (directory.get()->*step)();
    if (!done) return done.error();
  }
  return directory;
}

DataDirectory::~DataDirectory() {
  if (!made_.empty()) removeMade();
}

/// Makes the missing directories one by one, so that exactly those can be removed again.
Result<> DataDirectory::make() {
  std::vector<fs::path> missing;
  boost::system::error_code error;
  for (fs::path at = path_; !at.empty() && !fs::exists(at, error); at = at.parent_path()) missing.push_back(at);
  for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
    if (!fs::create_directory(*at, error) && error) {
      return Error{Kind::Forbidden, "cannot make the data directory " + path_ + ": " + error.message()};
    }
    made_.push_back(at->string());
  }
  if (!fs::is_directory(path_, error)) return Error{Kind::BadRequest, "data directory " + path_ + " is no directory"};
  if (::access(path_.c_str(), R_OK | W_OK | X_OK) != 0) {
    return Error{Kind::Forbidden, "data directory " + path_ + " is not writable"};
  }
  const auto names = namesIn(path_);
  if (!names) return names.error();
  const auto stranger = std::ranges::find_if_not(*names, isOurs);
  if (stranger != names->end()) {
    return Error{Kind::BadRequest, "data directory " + path_ + " holds something else (" + *stranger +
                                       "): name an empty or a new directory"};
  }
  wasEmpty_ = std::ranges::all_of(*names, [](const std::string& name) { return name == "lost+found"; });
  return {};
}

Result<> DataDirectory::lock() {
  auto file = PosixFile::open(path_ + "/LOCK", O_RDWR | O_CREAT);
  if (!file) return Error{Kind::Forbidden, "data directory " + path_ + " is not writable: " + file.error().text};
  if (::flock(file->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Error{Kind::Conflict, "data directory " + path_ + " is in use by a running node"};
    }
    return systemError("lock data directory " + path_);
  }
  lock_ = std::move(*file);
  ours_ = true;
  if (wasEmpty_ && made_.empty()) made_.emplace_back();  // nothing of the way there is ours to remove, only the content
  return {};
}

Result<> DataDirectory::readFormat() {
  boost::system::error_code error;
  if (!fs::exists(path_ + "/FORMAT", error)) {
    new_ = true;
    return {};
  }
  const auto text = readWholeFile(path_ + "/FORMAT");
  if (!text) return text.error().within("data directory");
  unsigned format = 0;
  const std::size_t skipped = kFormatName.size();
  if (!text->starts_with(kFormatName) ||
      std::from_chars(text->data() + skipped, text->data() + text->size(), format).ec != std::errc()) {
    return Error{Kind::BadRequest, path_ + "/FORMAT is not a file of MyDHT"};
  }
  if (format > kFormat) {
    return Error{Kind::BadRequest, "data directory " + path_ + " has format " + std::to_string(format) +
                                       ", this program knows formats up to " + std::to_string(kFormat) +
                                       ": use a newer one"};
  }
  return {};
}

Result<> DataDirectory::finish() {
  if (!new_) return {};
  const std::string aside = path_ + "/FORMAT.new";
  auto file = PosixFile::open(aside, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return file.error();
  auto done = file->write(std::string(kFormatName) + std::to_string(kFormat) + "\n");
  if (done) done = file->syncAll();
  if (!done) return done.error().within(aside);
  if (::rename(aside.c_str(), (path_ + "/FORMAT").c_str()) != 0) return systemError("rename " + aside);
  for (const std::string& at : made_) {
    const auto synced = at.empty() ? Result<>() : syncDirectory(fs::path(at).parent_path().string());
    if (!synced) return synced;
  }
  new_ = false;
  return syncDirectory(path_);
}

/// Errors are passed over here: there is nobody left to tell, and what stays is recognised as ours.
void DataDirectory::removeMade() {
  boost::system::error_code error;
  if (ours_) {
    for (const auto name : kNames) fs::remove_all(fs::path(path_) / std::string(name), error);
  }
  for (auto at = made_.rbegin(); at != made_.rend(); ++at) {
    if (!at->empty()) fs::remove(*at, error);
  }
}

Error withAdvice(const Error& error) {
  if (error.kind != Kind::Corrupt) return error;
  return {error.kind,
          error.text + ": move the data directory away and start empty, the node is then refilled by the others"};
}

}  // namespace mydht::disk
