#include "common/http/etag.h"

#include "common/http/characters.h"
#include "common/http/date.h"

namespace mydht::http {

namespace {

/// Takes one entity tag (`"..."` or `W/"..."`) from the front; nothing if there is none.
std::optional<std::string_view> takeTag(std::string_view& list) {
  const std::size_t open = list.starts_with("W/") ? 2 : 0;
  if (list.size() <= open || list[open] != '"') return std::nullopt;
  const std::size_t close = list.find('"', open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view tag = list.substr(0, close + 1);
  for (char c : tag) {
    if (characters::isBlank(c) || characters::isControl(c)) return std::nullopt;
  }
  list.remove_prefix(tag.size());
  return tag;
}

/// Whether a list names `current`; all of it is read, so that a malformed list is seen wherever the match stands.
TagMatch matchList(std::string_view list, std::optional<std::string_view> current, bool weakToo) {
  list = characters::trimmed(list);
  if (list == "*") return current ? TagMatch::Matches : TagMatch::Differs;
  bool matches = false;
  bool any = false;
  while (!list.empty()) {
    if (list.front() == ',') {  // empty elements are allowed (RFC 9110, 5.6.1)
      list = characters::trimmed(list.substr(1));
      continue;
    }
    std::optional<std::string_view> tag = takeTag(list);
    if (!tag) return TagMatch::Malformed;
    any = true;
    if (weakToo && tag->starts_with("W/")) tag->remove_prefix(2);
    matches = matches || (current && *tag == *current);
    list = characters::trimmed(list);
    if (!list.empty() && list.front() != ',') return TagMatch::Malformed;
  }
  if (!any) return TagMatch::Malformed;
  return matches ? TagMatch::Matches : TagMatch::Differs;
}

/// All lines of one name as one list; nothing if there is none.
std::optional<TagMatch> matchLines(const Headers& headers, std::string_view name,
                                   std::optional<std::string_view> current, bool weakToo) {
  std::optional<TagMatch> match;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header header = headers[i];
    if (!equalsIgnoringCase(header.name, name)) continue;
    const TagMatch line = matchList(header.value, current, weakToo);
    if (line == TagMatch::Malformed) return line;
    if (!match || line == TagMatch::Matches) match = line;
  }
  return match;
}

/// The date of a header, nothing if it is not there, is none, or is there twice.
std::optional<std::int64_t> dateOf(const Headers& headers, std::string_view name, std::int64_t nowSeconds) {
  if (headers.count(name) != 1) return std::nullopt;
  return parseHttpDate(*headers.find(name), nowSeconds);
}

}  // namespace

Etag::Etag(const Digest& sha256) {
  constexpr char kHex[] = "0123456789abcdef";
  std::size_t at = 0;
  text_[at++] = '"';
  for (std::uint8_t byte : sha256) {
    text_[at++] = kHex[byte >> 4];
    text_[at++] = kHex[byte & 15];
  }
  text_[at] = '"';
}

TagMatch ifMatch(std::string_view list, std::optional<std::string_view> current) {
  return matchList(list, current, false);
}

TagMatch ifNoneMatch(std::string_view list, std::optional<std::string_view> current) {
  return matchList(list, current, true);
}

Precondition checkPreconditions(const RequestHead& head, const std::optional<Current>& current,
                                std::int64_t nowSeconds) {
  const std::optional<std::string_view> tag = current ? std::optional(current->etag) : std::nullopt;
  const bool reads = head.method == Method::Get || head.method == Method::Head;
  const std::optional<TagMatch> wanted = matchLines(head.headers, "If-Match", tag, false);
  const std::optional<TagMatch> unwanted = matchLines(head.headers, "If-None-Match", tag, true);
  if (wanted == TagMatch::Malformed || unwanted == TagMatch::Malformed) return Precondition::Malformed;
  if (wanted == TagMatch::Differs) return Precondition::Failed;
  if (!wanted && current) {
    const std::optional<std::int64_t> since = dateOf(head.headers, "If-Unmodified-Since", nowSeconds);
    if (since && current->modifiedSeconds > *since) return Precondition::Failed;
  }
  if (unwanted == TagMatch::Matches) return reads ? Precondition::NotModified : Precondition::Failed;
  if (!unwanted && reads && current) {
    const std::optional<std::int64_t> since = dateOf(head.headers, "If-Modified-Since", nowSeconds);
    if (since && current->modifiedSeconds <= *since) return Precondition::NotModified;
  }
  return Precondition::Proceed;
}

}  // namespace mydht::http
