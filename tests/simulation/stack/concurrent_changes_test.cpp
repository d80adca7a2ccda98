// Proves that two changes of the ring that are agreed at the same time, one of them known to a single node that dies
// with it, lose no acknowledged write (R2, R5, R6). How: one directed order of events on the whole stack; the checkers
// run over it.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "tests/simulation/stack/departures.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Type = wire::MessageType;
constexpr unsigned kAny = Scenario::kAny;

class ConcurrentChanges : public Departures {
 protected:
  /// A key of which node 2 is home in the complete version and in its own, but not in the one of the others; and two
  /// others that are its homes in both.
  struct Gap {
    std::string key;
    unsigned first = 0;
    unsigned second = 0;
  };
  std::optional<Gap> findGap(const ring::View& ofAll, const ring::View& ofNode2) {
    std::map<NodeId, unsigned> numbers;
    for (unsigned number = 0; number < s.ring.size(); ++number) {
      numbers[s.node(number).durableIdentity()->node] = number;
    }
    const NodeId two = s.node(2).durableIdentity()->node;
    for (const std::string& key : Scenario::keys()) {
      const PartitionId partition = partitionOf(key);
      const bool comesBack = ofAll.complete().isHome(two, partition) && !ofAll.newest().isHome(two, partition) &&
                             ofNode2.newest().isHome(two, partition);
      if (!comesBack) continue;
      std::vector<unsigned> inBoth;
      for (const NodeId home : ofAll.newest().homes(partition)) {
        if (ofNode2.newest().isHome(home, partition)) inBoth.push_back(numbers.at(home));
      }
      if (inBoth.size() == 2) return Gap{key, inBoth[0], inBoth[1]};
    }
    return std::nullopt;
  }

  /// Node 4 joins through node 0, and fills nothing yet. Node 2 is started with another weight, has both changes agreed
  /// as one version, and is killed before it has told anybody.
  void letNode2AloneKnowTheGreaterVersion() {
    s.kill(2);
    for (const unsigned deaf : {1U, 2U, 3U}) s.deafen(deaf);
    s.drop(Type::FillPage, 4, kAny);
    s.join(0);
    s.await([&] { return s.changing(0); }, "the join is agreed");
    for (const unsigned to : {0U, 4U}) s.drop(Type::Propose, 2, to);
    for (const Type type : {Type::Adopt, Type::Gossip}) s.drop(type, 2, kAny);
    s.drop(Type::GetView, kAny, 2);
    s.ring.settings.weightHundredths = 300;
    s.node(2).start({});
    s.await([&] { return s.node(2).up() && s.changing(2); }, "node 2's change is agreed");
    s.ring.settings.weightHundredths.reset();
  }
};

TEST_F(ConcurrentChanges, AVersionThatIsCompleteBelowTheOneThatANodeKnewAloneIsAGapInWhatItHasFilled) {
  s.ring.startAll(4);
  putAll(s);
  letNode2AloneKnowTheGreaterVersion();
  const ring::ViewPtr ofNode2 = s.node(2).node().membership().view();
  const ring::ViewPtr ofAll = s.node(0).node().membership().view();
  ASSERT_TRUE(ring::contains(ofNode2->newest().list(), ofAll->newest().list()));
  s.kill(2);
  const auto gap = findGap(*ofAll, *ofNode2);
  ASSERT_TRUE(gap);
  s.forgetRules();
  for (const Type type : {Type::CompareTrees, Type::EntryHeads, Type::Hint}) s.drop(type, kAny, kAny);
  s.await([&] { return !s.changing(0) && !s.changing(1) && !s.changing(3) && !s.changing(4); }, "the join is complete");
  ASSERT_EQ(s.newest(0), ofAll->newest().name());
  s.drop(Type::Offer, kAny, gap->first);
  const auto put = s.put(gap->second, gap->key);
  ASSERT_TRUE(s.done(put)) << s.workload.told(put);
  s.start(2);
  const auto isComplete = [&](unsigned node) { return !s.changing(node) && s.knows(node, ofNode2->newest().name()); };
  s.await([&] { return isComplete(0) && isComplete(1) && isComplete(2) && isComplete(3) && isComplete(4); },
          "node 2's version is complete");
  s.drop(Type::Vote, kAny, gap->second);
  EXPECT_EQ(s.at(s.get(2, gap->key)).value, s.at(put).value);
}

}  // namespace
}  // namespace mydht::simulation
