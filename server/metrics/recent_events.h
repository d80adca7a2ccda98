#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mydht::metrics {

/// One line of the journal that people may want to see later.
struct RecentEvent {
  std::int64_t atMicros = 0;  ///< since 1970
  std::string severity;       ///< `WARN`
  std::string event;          ///< `member.silent`
  std::string fields;         ///< `name=value` pairs
  bool operator==(const RecentEvent&) const = default;
};

/// The last events of this node, for its status page. Owned by node; any thread.
class RecentEvents {
 public:
  /// What one looks at, and some to spare; at most so many, and each no longer than kMostFields.
  static constexpr std::size_t kMost = 60;
  static constexpr std::size_t kMostFields = 200;
  /// Of one event, so that a disk that loses a thousand values does not hide that a node went down.
  static constexpr std::size_t kMostOfOne = 10;

  /// One that says the same as the last takes its place, so that what repeats itself does not hide the others.
  void add(RecentEvent event);
  /// The oldest first.
  std::vector<RecentEvent> events() const;
  /// How often each was added; as many as the program has names for.
  std::map<std::string, std::uint64_t> counts() const;

 private:
  mutable std::mutex mutex_;
  std::deque<RecentEvent> events_;               // guarded by mutex_
  std::map<std::string, std::uint64_t> counts_;  // guarded by mutex_
};

}  // namespace mydht::metrics
