// Proves that what is news to people is kept for the status page, and that everything reaches the journal itself.
#include "server/node/remembering_journal.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mydht::node {
namespace {

struct Lines final : Journal {
  void note(Severity, std::string_view event, std::string_view) override { events.emplace_back(event); }
  std::vector<std::string> events;
};

struct FixedClock final : Clock {
  std::int64_t wallMicros() const override { return 7; }
};

TEST(RememberingJournal, KeepsNewsAndPassesEverythingOn) {
  Lines lines;
  FixedClock clock;
  metrics::RecentEvents recent;
  RememberingJournal journal(lines, recent, clock);
  journal.note(Severity::Warn, "member.silent", "node=a:1");
  journal.note(Severity::Debug, "balance.done", "with=a:1");
  journal.note(Severity::Info, "fill.progress", "partitions=1");
  journal.note(Severity::Info, "member.back", "node=a:1");
  EXPECT_EQ(lines.events.size(), 4U);
  const std::vector<metrics::RecentEvent> expected = {{7, "WARN", "member.silent", "node=a:1"},
                                                      {7, "INFO", "member.back", "node=a:1"}};
  EXPECT_EQ(recent.events(), expected);
}

}  // namespace
}  // namespace mydht::node
