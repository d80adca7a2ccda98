#include "client/output.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <optional>

#include "client/file_handle.h"
#include "client/temporary_file.h"
#include "common/protocol/json.h"
#include "common/result/limits.h"

namespace mydht::client {

namespace {

Status writeToStandardOutput(std::string_view bytes) {
  const Status written = writeAll(STDOUT_FILENO, bytes);
  return written ? written : written.error().within("cannot write to standard output");
}

class StandardOutput final : public Output {
 public:
  explicit StandardOutput(bool withLineEnd) : withLineEnd_(withLineEnd) {}

  Status open() override { return {}; }

  Status write(std::string_view piece) override {
    held_ += piece;
    if (held_.size() <= limits::kInlineBytes) return {};
    return flush();
  }

  Status commit() override {
    if (withLineEnd_) held_ += '\n';
    return flush();
  }

 private:
  Status flush() {
    const std::string bytes = std::exchange(held_, {});
    return writeToStandardOutput(bytes);
  }

  bool withLineEnd_;
  std::string held_;
};

/// What a terminal shows of a value; the original answered with the same advice.
constexpr std::size_t kTerminalBytes = 1024;

/// Whether a terminal shows it as it is: UTF-8 without control bytes other than tabs and line ends. The controls of
/// ISO 8859-1 drive a terminal too, in UTF-8 as 0xC2 and a second byte.
bool isPlainText(std::string_view bytes) {
  if (!protocol::isUtf8(bytes)) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto at = static_cast<unsigned char>(bytes[i]);
    const bool lineEnd = at == '\n' || (at == '\r' && i + 1 < bytes.size() && bytes[i + 1] == '\n');
    if ((at < ' ' && at != '\t' && !lineEnd) || at == 0x7f) return false;
    if (at == 0xc2 && static_cast<unsigned char>(bytes[i + 1]) < 0xa0) return false;
  }
  return true;
}

class TerminalOutput final : public Output {
 public:
  Status open() override { return {}; }

  Status write(std::string_view piece) override {
    held_ += piece;
    if (held_.size() <= kTerminalBytes) return {};
    return refusal("is over 1 KiB");
  }

  Status commit() override {
    if (!isPlainText(held_)) return refusal("is not text");
    return printLine(held_);
  }

 private:
  static Error refusal(std::string_view why) {
    return {Kind::TooLarge,
            fmt::format("the value {}: write it to a file by -o FILE, or here all the same by -o -", why)};
  }

  std::string held_;
};

/// Where a link leads, so that what it points at is replaced, not the link.
std::string followLinks(const std::string& name) {
  char resolved[PATH_MAX];
  return ::realpath(name.c_str(), resolved) != nullptr ? std::string(resolved) : name;
}

class FileOutput final : public Output {
 public:
  explicit FileOutput(std::string name) : name_(std::move(name)) {}

  Status open() override {
    struct stat found {};
    const bool exists = ::stat(name_.c_str(), &found) == 0;
    if (exists && S_ISDIR(found.st_mode)) return fileError("cannot write", name_, EISDIR);
    if (exists && ::access(name_.c_str(), W_OK) != 0) return fileError("cannot write", name_);
    if (exists && !S_ISREG(found.st_mode)) return openAsItIs();
    return openAside(exists ? found.st_mode & 0777 : 0666);
  }

  Status write(std::string_view piece) override {
    const Status written = writeAll(aside_ ? aside_->handle() : asItIs_.get(), piece);
    return written ? written : written.error().within("cannot write " + name_);
  }

  Status commit() override {
    if (!aside_) return {};
    const Status published = aside_->publish();
    return published ? published : published.error().within("cannot write " + name_);
  }

 private:
  Status openAsItIs() {
    asItIs_ = FileHandle(::open(name_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!asItIs_.isOpen()) return fileError("cannot write", name_);
    return {};
  }

  Status openAside(mode_t mode) {
    const std::string place = followLinks(name_);
    const std::size_t slash = place.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : place.substr(0, slash + 1);
    FileHandle handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.isOpen()) return fileError("cannot write", name_);
    auto aside = TemporaryFile::in(std::move(handle), place.substr(slash + 1), mode);
    if (!aside) return aside.error().within("cannot write " + name_);
    aside_ = std::move(*aside);
    return {};
  }

  std::string name_;
  std::unique_ptr<TemporaryFile> aside_;
  FileHandle asItIs_;
};

}  // namespace

std::unique_ptr<Output> standardOutput(bool withLineEnd) {
  return std::make_unique<StandardOutput>(withLineEnd);
}

std::unique_ptr<Output> terminalOutput() {
  return std::make_unique<TerminalOutput>();
}

bool outputIsTerminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

std::unique_ptr<Output> fileOutput(std::string name) {
  return std::make_unique<FileOutput>(std::move(name));
}

Status printLine(std::string_view line) {
  return print(std::string(line) + '\n');
}

Status print(std::string_view bytes) {
  return writeToStandardOutput(bytes);
}

}  // namespace mydht::client
