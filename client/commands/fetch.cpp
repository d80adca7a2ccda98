#include "client/commands/fetch.h"

#include <fmt/core.h>

#include <charconv>

#include "client/commands/value_requests.h"
#include "common/hash/sha256.h"
#include "common/http/etag.h"

namespace mydht::client::commands {

namespace {

/// How long the body is going to be, 0 if only its end tells.
std::uint64_t lengthOf(const Answer& answer) {
  std::uint64_t length = 0;
  if (const auto field = answer.field("Content-Length")) {
    std::from_chars(field->data(), field->data() + field->size(), length);
  }
  return length;
}

/// Passes a value on to its output and hashes it on the way.
class HashedOutput final : public BodySink {
 public:
  HashedOutput(Output& output, Progress& progress) : output_(output), progress_(progress) {}

  Status begin(const Answer& answer) override {
    progress_.expectValue(lengthOf(answer));
    return output_.open();
  }

  Status write(std::string_view piece) override {
    sha256_.update(piece);
    size_ += piece.size();
    progress_.add(piece.size());
    return output_.write(piece);
  }

  Digest digest() { return sha256_.finish(); }
  std::uint64_t size() const { return size_; }

 private:
  Output& output_;
  Progress& progress_;
  Sha256 sha256_;
  std::uint64_t size_ = 0;
};

/// An ETag that is a SHA-256 must be that of the bytes; one of another kind, from a cache in front, says nothing.
Status checkDigest(const Answer& answer, const Digest& digest) {
  const http::Etag expected(digest);
  const auto etag = answer.field("ETag");
  const bool isSha256 = etag && etag->size() == expected.text().size() && etag->starts_with('"');
  if (!isSha256 || *etag == expected.text()) return {};
  return Error{Kind::Corrupt, fmt::format("the value is damaged: its SHA-256 should be {}", *etag)};
}

}  // namespace

Result<Fetched> fetchValue(Nodes& nodes, std::string_view key, protocol::Consistency consistency, Output& output,
                           Progress& progress) {
  HashedOutput sink(output, progress);
  Request request = requestOf(http::Method::Get, key, consistency);
  request.sink = &sink;
  auto answer = nodes.ask(request);
  if (!answer) return valueError(answer.error());
  if (answer->status != 200) return Error{Kind::Corrupt, fmt::format("answered with status {}", answer->status)};
  Fetched fetched{.answer = std::move(*answer), .digest = sink.digest(), .size = sink.size()};
  if (const Status right = checkDigest(fetched.answer, fetched.digest); !right) return right.error();
  if (const Status committed = output.commit(); !committed) return committed.error();
  return fetched;
}

}  // namespace mydht::client::commands
