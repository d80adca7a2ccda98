#include <fmt/core.h>

#include <algorithm>
#include <ctime>

#include "client/commands/commands.h"
#include "client/commands/listing.h"
#include "client/one_line.h"
#include "client/options.h"
#include "client/output.h"
#include "client/report.h"
#include "common/http/date.h"

namespace mydht::client::commands {

namespace {

constexpr std::string_view kNothing = "-";

/// `2026-11-20T08:15:04Z`
std::string timeText(std::int64_t micros) {
  const std::time_t seconds = http::secondsOfMicros(micros);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::string(kNothing);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/// The columns of -l in front of a key.
std::string columns(std::string_view size, std::string_view time, std::string_view sha256) {
  return fmt::format("{:>12}  {:<20}  {:<64}  ", size, time, sha256);
}

/// Prints the items of pages as the options say.
class Lines {
 public:
  explicit Lines(const Options& options) : options_(options), cleaned_(outputIsTerminal()) {}

  void add(const protocol::ListedKey& listed) {
    if (options_.json) return end(protocol::toJson(listed), '\n');
    if (options_.longForm) {
      text_ += columns(std::to_string(listed.size), timeText(listed.modifiedMicros), oneLine(listed.sha256));
    }
    addName(listed.key);
  }

  void add(const Key& prefix) {
    if (options_.json) {
      protocol::JsonWriter json;
      json.beginObject();
      protocol::writePrefix(json, prefix);
      return end(json.endObject().take(), '\n');
    }
    if (options_.longForm) text_ += columns(kNothing, kNothing, kNothing);
    addName(prefix);
  }

  Status flush() {
    const Status printed = print(text_);
    text_.clear();
    return printed;
  }

 private:
  void addName(const std::string& name) {
    if (options_.zeroEnds) return end(name, '\0');
    // Bytes that could drive the terminal are not shown there; elsewhere they are what was asked for.
    end(cleaned_ ? oneLine(name) : name, '\n');
  }

  void end(std::string_view text, char with) {
    text_ += text;
    text_ += with;
  }

  const Options& options_;
  const bool cleaned_;
  std::string text_;
};

/// Adds keys and prefixes of a page in one order.
void addPage(const protocol::Listing& page, Lines& lines) {
  std::size_t prefix = 0;
  for (const protocol::ListedKey& listed : page.keys) {
    for (; prefix < page.prefixes.size() && page.prefixes[prefix] < listed.key; ++prefix) {
      lines.add(page.prefixes[prefix]);
    }
    lines.add(listed);
  }
  for (; prefix < page.prefixes.size(); ++prefix) lines.add(page.prefixes[prefix]);
}

}  // namespace

Status ls(const Options& options, Nodes& nodes) {
  Range range{.prefix = options.key, .delimiter = options.delimiter.value_or(""), .consistency = options.consistency};
  Lines lines(options);
  std::uint64_t left = options.limit.value_or(UINT64_MAX);
  while (left > 0) {
    range.limit = std::min<std::uint64_t>(left, protocol::kListingItems);
    const auto page = askForPage(nodes, range);
    if (!page) return page.error();
    addPage(*page, lines);
    if (const Status printed = lines.flush(); !printed) return printed;
    if (!page->next) return {};
    left -= std::min<std::uint64_t>(left, page->keys.size() + page->prefixes.size());
    range.after = *page->next;
  }
  return {};
}

}  // namespace mydht::client::commands
