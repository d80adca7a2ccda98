#include "client/commands/listing.h"

#include <fmt/core.h>

#include "common/http/percent.h"
#include "common/protocol/paths.h"

namespace mydht::client::commands {

namespace {

/// A page, which is longer than other answers.
class PageSink final : public BodySink {
 public:
  Status begin(const Answer&) override {
    json_.clear();
    return {};
  }

  Status write(std::string_view piece) override {
    if (piece.size() > protocol::kListingBytes - json_.size()) {
      return Error{Kind::Corrupt, fmt::format("a listing of over {} bytes", protocol::kListingBytes)};
    }
    json_ += piece;
    return {};
  }

  const std::string& json() const { return json_; }

 private:
  std::string json_;
};

std::string targetOf(const Range& range) {
  std::string target = fmt::format("{}?{}={}", protocol::kKeysPath, protocol::kLimitParameter, range.limit);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) target += fmt::format("&{}={}", name, http::encodeQueryValue(value));
  };
  add(protocol::kPrefixParameter, range.prefix);
  add(protocol::kAfterParameter, range.after);
  add(protocol::kDelimiterParameter, range.delimiter);
  if (range.consistency != protocol::Consistency::Quorum) {
    add(protocol::kConsistencyParameter, std::string(consistencyText(range.consistency)));
  }
  return target;
}

}  // namespace

Result<protocol::Listing> askForPage(Nodes& nodes, const Range& range) {
  PageSink sink;
  Request request;
  request.target = targetOf(range);
  request.sink = &sink;
  const auto answer = nodes.ask(request);
  if (!answer) return answer.error();
  auto listing = protocol::listingFromJson(answer->status == 200 ? sink.json() : answer->body);
  if (!listing) return listing.error().within("the node's answer");
  if (listing->next && *listing->next <= range.after) {
    return Error{Kind::Corrupt, "the node's answer: the listing does not go on"};
  }
  return listing;
}

}  // namespace mydht::client::commands
