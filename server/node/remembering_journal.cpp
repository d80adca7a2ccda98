#include "server/node/remembering_journal.h"

#include <algorithm>
#include <array>

namespace mydht::node {
namespace {

// Told every second while something goes on or is waited for; the line on top of the page says that.
constexpr std::array<std::string_view, 7> kNoNews = {
    "fill.progress", "fill.source", "fill.waits", "ring.waits", "ring.wait", "gossip.unheard", "ring.not-adjusted"};

}  // namespace

void RememberingJournal::note(Severity severity, std::string_view event, std::string_view fields) {
  journal_.note(severity, event, fields);
  if (severity < Severity::Info || std::find(kNoNews.begin(), kNoNews.end(), event) != kNoNews.end()) return;
  recent_.add({clock_.wallMicros(), std::string(severityName(severity)), std::string(event), std::string(fields)});
}

}  // namespace mydht::node
