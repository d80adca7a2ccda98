#include "client/body.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "client/file_handle.h"
#include "common/hash/sha256.h"
#include "common/result/limits.h"

namespace mydht::client {

namespace {

class TextBody final : public BodySource {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}

  std::optional<std::uint64_t> size() const override { return text_.size(); }
  std::optional<Digest> digest() const override { return sha256Of(text_); }

  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t piece = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, piece);
    at_ += piece;
    return piece;
  }

  bool rewind() override {
    at_ = 0;
    return true;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

/// Reads from wherever the file stands, 0 bytes at its end.
Result<std::size_t> readSome(const FileHandle& file, const std::string& name, std::span<char> into) {
  while (true) {
    const ssize_t got = ::read(file.get(), into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return fileError("cannot read", name);
  }
}

/// A regular file: as long as it was when it was opened. If it has become shorter, that is an error here; if other
/// bytes stand in it, the digest tells the node.
class RegularFileBody final : public BodySource {
 public:
  RegularFileBody(FileHandle file, std::string name, std::uint64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}

  Status computeDigest() {
    Sha256 sha256;
    std::array<char, limits::kChunkBytes> buffer;
    while (left() > 0) {
      const auto got = read(buffer);
      if (!got) return got.error();
      sha256.update({buffer.data(), *got});
    }
    digest_ = sha256.finish();
    at_ = 0;
    return {};
  }

  std::optional<std::uint64_t> size() const override { return size_; }
  std::optional<Digest> digest() const override { return digest_; }

  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left()));
    if (most == 0) return std::size_t{0};
    while (true) {
      const ssize_t got = ::pread(file_.get(), into.data(), most, static_cast<off_t>(at_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fileError("cannot read", name_);
      if (got == 0) return Error{Kind::Io, fmt::format("{} became shorter while it was read", name_)};
      at_ += static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
  }

  bool rewind() override {
    at_ = 0;
    return true;
  }

 private:
  std::uint64_t left() const { return size_ - at_; }

  FileHandle file_;
  std::string name_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  Digest digest_{};
};

/// A pipe, a terminal or a device: it can be read once, and only its end tells its length.
class OnceBody final : public BodySource {
 public:
  OnceBody(FileHandle file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  std::optional<Digest> digest() const override { return std::nullopt; }

  Result<std::size_t> read(std::span<char> into) override {
    begun_ = true;
    return readSome(file_, name_, into);
  }

  bool rewind() override { return !begun_; }

 private:
  FileHandle file_;
  std::string name_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<BodySource> textBody(std::string text) {
  return std::make_unique<TextBody>(std::move(text));
}

Result<std::unique_ptr<BodySource>> fileBody(const std::string& name) {
  const bool standardInput = name == "-";
  const std::string shown = standardInput ? "standard input" : name;
  FileHandle file(standardInput ? ::dup(STDIN_FILENO) : ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.isOpen()) return fileError("cannot open", shown);
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return fileError("cannot open", shown);
  if (S_ISDIR(found.st_mode)) return fileError("cannot read", shown, EISDIR);
  // Standard input may stand in the middle of a file, where its reader wants to go on: it is read as a pipe.
  if (standardInput || !S_ISREG(found.st_mode)) {
    return std::unique_ptr<BodySource>(std::make_unique<OnceBody>(std::move(file), shown));
  }
  auto body = std::make_unique<RegularFileBody>(std::move(file), shown, static_cast<std::uint64_t>(found.st_size));
  if (const Status computed = body->computeDigest(); !computed) return computed.error();
  return std::unique_ptr<BodySource>(std::move(body));
}

}  // namespace mydht::client
