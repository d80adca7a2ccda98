#include <fmt/core.h>

#include "client/commands/commands.h"
#include "client/commands/value_requests.h"
#include "client/options.h"
#include "client/output.h"
#include "common/hash/sha256.h"
#include "common/http/etag.h"

namespace mydht::client::commands {

namespace {

/// Passes a value on to its output and hashes it on the way.
class HashedOutput final : public BodySink {
 public:
  explicit HashedOutput(Output& output) : output_(output) {}

  Status begin(const Answer&) override { return output_.open(); }

  Status write(std::string_view piece) override {
    sha256_.update(piece);
    return output_.write(piece);
  }

  Digest digest() { return sha256_.finish(); }

 private:
  Output& output_;
  Sha256 sha256_;
};

/// An ETag that is a SHA-256 must be that of the bytes; one of another kind, from a cache in front, says nothing.
Status checkDigest(const Answer& answer, const Digest& digest) {
  const http::Etag expected(digest);
  const auto etag = answer.field("ETag");
  const bool isSha256 = etag && etag->size() == expected.text().size() && etag->starts_with('"');
  if (!isSha256 || *etag == expected.text()) return {};
  return Error{Kind::Corrupt, fmt::format("the value is damaged: its SHA-256 should be {}", *etag)};
}

std::unique_ptr<Output> outputOf(const Options& options) {
  if (!options.output) return standardOutput(true);
  if (*options.output == "-") return standardOutput(false);
  return fileOutput(*options.output);
}

}  // namespace

Status get(const Options& options, Nodes& nodes) {
  const std::unique_ptr<Output> output = outputOf(options);
  HashedOutput sink(*output);
  Request request = requestOf(http::Method::Get, options.key);
  request.sink = &sink;
  const auto answer = nodes.ask(request);
  if (!answer) return valueError(answer.error());
  if (answer->status != 200) return Error{Kind::Corrupt, fmt::format("answered with status {}", answer->status)};
  if (const Status right = checkDigest(*answer, sink.digest()); !right) return right;
  return output->commit();
}

}  // namespace mydht::client::commands
