#pragma once

#include "server/metrics/recent_events.h"
#include "server/ports/clock.h"
#include "server/ports/journal.h"

namespace mydht::node {

/// Writes into another journal, and keeps the last events for the status page: what is news to people, not what is told
/// again and again while something goes on. Owned by the program; any thread; borrows all three.
class RememberingJournal final : public Journal {
 public:
  RememberingJournal(Journal& journal, metrics::RecentEvents& recent, const Clock& clock)
      : journal_(journal), recent_(recent), clock_(clock) {}

  void note(Severity severity, std::string_view event, std::string_view fields) override;

 private:
  Journal& journal_;
  metrics::RecentEvents& recent_;
  const Clock& clock_;
};

}  // namespace mydht::node
