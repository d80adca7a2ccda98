#include "server/api/page.h"

#include <fmt/format.h>

#include <variant>

#include "common/hash/sha256.h"
#include "common/http/date.h"
#include "common/http/digest_field.h"
#include "common/http/percent.h"
#include "common/protocol/names.h"
#include "common/protocol/paths.h"
#include "common/protocol/problem.h"
#include "server/api/refusals.h"
#include "server/api/ring_shape.h"
#include "server/web/page.h"

namespace mydht::api {
namespace {

/// A key for people: itself, or percent-encoded when it holds control bytes, which a page cannot show.
std::string shownKey(std::string_view key) {
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return escapeHtml(http::encodePath(key));
  }
  return escapeHtml(key);
}

std::string fact(std::string_view name, std::string_view html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html);
}

std::string bytesText(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.1f} KB", static_cast<double>(bytes) / 1e3);
  if (bytes < 10'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

std::string copiesText(const protocol::RingStatus& ring) {
  std::string text = fmt::format("{}/{}", ring.copies, ring.replicas);
  if (ring.copies == 1 && ring.replicas > 1) text += ": this node is alone, its disk holds the only copy";
  if (ring.copies == 2) text += ": with two nodes, writes and reads at quorum need both";
  return text;
}

std::string diskText(const protocol::DiskStatus& disk) {
  std::string text = fmt::format("{} free of {}, beside a reserve of {}", bytesText(disk.freeBytes),
                                 bytesText(disk.totalBytes), bytesText(disk.reserveBytes));
  if (disk.state == "full") text = "<span class=\"bad\">full</span>: puts are refused, gets and deletes go on";
  if (disk.state == "failed")
    text = "<span class=\"bad\">failed</span>: nothing is stored until this node is started again";
  if (disk.damaged > 0) {
    text +=
        fmt::format("; {} damaged values found, {} repaired, {} waiting", disk.damaged, disk.repaired, disk.waiting);
  }
  if (disk.scrubbedMicros > 0) {
    text += fmt::format("; last read as a whole {}, {} findings",
                        http::HttpDate(disk.scrubbedMicros / 1'000'000).text(), disk.findings);
  }
  if (disk.damagedTables > 0) {
    text += fmt::format("; <span class=\"bad\">{} tables of the database are damaged</span>", disk.damagedTables);
  }
  return text + (disk.scrubbing ? "; is being read now" : "");
}

std::string facts(const protocol::RingStatus& ring) {
  std::string html = "<dl>\n";
  html += fact("this node", fmt::format("{}, MyDHT {}", escapeHtml(ring.selfName), escapeHtml(ring.programVersion)));
  html += fact("ring", fmt::format("<code>{:016x}</code>", ring.ringIdentity));
  html += fact("version", fmt::format("{}{}", ring.height, ring.activeVersions > 1 ? " (the ring is changing)" : ""));
  html += fact("fingerprint", fmt::format("<code>{:016x}</code>", ring.fingerprint));
  html += fact("copies of each value", copiesText(ring));
  html += fact("keys here", fmt::format("{}, {}", ring.keys, bytesText(ring.bytes)));
  if (ring.disk) html += fact("disk", diskText(*ring.disk));
  if (ring.toFill > 0) html += fact("being filled", fmt::format("{} partitions", ring.toFill));
  return html + "</dl>\n";
}

std::string lastCall(const protocol::NodeStatus& member, const protocol::RingStatus& ring) {
  if (member.id == ring.self) return "itself";
  if (member.liveness == protocol::Liveness::Suspect) return "suspect";
  if (member.liveness == protocol::Liveness::Down) {
    return fmt::format("<span class=\"bad\">down</span> {}", escapeHtml(member.lastError));
  }
  if (!member.lastCallOk) return "not called yet";
  if (*member.lastCallOk) return "<span class=\"good\">ok</span>";
  return fmt::format("<span class=\"bad\">failed</span> {}", escapeHtml(member.lastError));
}

std::string memberRow(const protocol::NodeStatus& member, const protocol::RingStatus& ring) {
  // The name comes from another node: a link only if it can be nothing but a host and a port.
  const std::string name = escapeHtml(member.name);
  const bool plain = member.name.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-[]") == std::string::npos;
  const std::string link = plain && !name.empty() ? fmt::format("<a href=\"http://{}/\">{}</a>", name, name) : name;
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"id\">{:016x}</td></tr>\n",
                     link, protocol::memberStateText(member.state), lastCall(member, ring), member.partitions,
                     escapeHtml(member.zone), member.id);
}

std::string members(const protocol::RingStatus& ring) {
  std::string html =
      "<h2>Members</h2>\n<div class=\"table\"><table>\n<tr><th>node</th><th>state</th><th>last call from here</th>"
      "<th>partitions</th><th>zone</th><th>identity</th></tr>\n";
  for (const auto& member : ring.members) html += memberRow(member, ring);
  return html + "</table></div>\n";
}

std::string keys(const protocol::RingStatus& ring) {
  if (ring.firstKeys.empty() && ring.keys > 0) {
    return "<h2>Keys</h2>\n<p class=\"error\">The first keys on this node cannot be read now.</p>\n";
  }
  if (ring.firstKeys.empty()) {
    return fmt::format("<h2>Keys</h2>\n<p>None here yet. Put one: <code>curl -T FILE http://{}/some/key</code></p>\n",
                       escapeHtml(ring.selfName));
  }
  std::string html = "<h2>First keys on this node</h2>\n<ul class=\"keys\">\n";
  for (const Key& key : ring.firstKeys) {
    html += fmt::format("<li><a href=\"{}\">{}</a></li>\n", escapeHtml(protocol::urlOf(key)), shownKey(key));
  }
  return html + "</ul>\n";
}

/// The base64 of the SHA-256 of a style or script, by which a policy names it.
std::string hashSource(std::string_view text) {
  const Digest digest = sha256Of(text);
  const std::string base64 = http::encodeBase64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return fmt::format("'sha256-{}'", base64);
}

/// Why the page's reader may not change values; empty if they may.
std::string whyReadOnly(const Context& context, const http::Request& request) {
  if (context.guard == nullptr) return {};
  auto refusal = context.guard->refuse(request, http::Caller::Writer);
  if (!refusal) return {};
  const auto* const text = std::get_if<Bytes>(&refusal->body);
  const auto problem = protocol::problemFromJson(text != nullptr ? text->view() : std::string_view());
  return problem ? problem->detail : "nothing may be changed from here";
}

}  // namespace

std::string escapeHtml(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string plainPageOf(const protocol::RingStatus& ring) {
  std::string html = fmt::format("<div id=\"plain\" class=\"plain\">\n<h1>MyDHT {}</h1>\n", escapeHtml(ring.selfName));
  if (!ring.trouble.empty()) html += fmt::format("<p class=\"error\">{}</p>\n", escapeHtml(ring.trouble));
  html += facts(ring) + members(ring) + keys(ring);
  return html + fmt::format("<p>The same as JSON: <a href=\"{0}\">{0}</a></p>\n</div>\n", protocol::kStatusPath);
}

std::string pageOf(const protocol::RingStatus& ring, std::string_view readOnly) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"read-only\" content=\"{}\">\n<link rel=\"icon\" href=\"{}\">\n<title>MyDHT {}</title>\n<style>",
      escapeHtml(readOnly), protocol::kIconPath, escapeHtml(ring.selfName));
  html.append(web::pageStyle()).append("</style>\n</head>\n<body>\n");
  html += plainPageOf(ring);
  html.append(web::pageBody());
  // What JSON escapes, such as '<', cannot end the element.
  html += fmt::format("<script type=\"application/json\" id=\"state\">{}</script>\n", protocol::toJson(ring));
  html.append("<script type=\"module\">").append(web::pageScript()).append("</script>\n</body>\n</html>\n");
  return html;
}

std::string pagePolicy() {
  static const std::string policy = fmt::format(
      "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src 'self'; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      hashSource(web::pageScript()), hashSource(web::pageStyle()));
  return policy;
}

Task<http::Response> getPage(const Context& context, http::Request& request) {
  const protocol::RingStatus ring = co_await ringShapeWithKeys(context, request.deadline());
  http::Response response = http::respond(200, protocol::kHtmlType, pageOf(ring, whyReadOnly(context, request)));
  response.header("Content-Security-Policy", pagePolicy());
  response.header("X-Content-Type-Options", "nosniff");
  response.header("Referrer-Policy", "no-referrer");
  response.header("Cache-Control", "no-store");
  co_return response;
}

Task<http::Response> getIcon(const Context& context, http::Request& request) {
  cluster::Coordinator& coordinator = coordinatorOf(context, request);
  auto stored = co_await coordinator.locate("favicon.ico", cluster::Consistency::Quorum, false, request.deadline());
  http::Response response =
      stored ? http::respondEmpty(302) : http::respond(200, "image/svg+xml", std::string(web::pageIcon()));
  if (stored) response.header("Location", "/favicon.ico");
  response.header("Cache-Control", "no-cache");
  co_return response;
}

}  // namespace mydht::api
