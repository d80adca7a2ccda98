// Proves what R2 promises, that any two agreed versions contain one another, and where its first wording does not keep
// it: one directed order of events, and random ones.

#include "tests/simulation/model/agreement.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace mydht;
using namespace mydht::model;

ring::Member joiner(NodeId id) {
  return {.id = id, .tokenSeed = id};
}

/// Two members join a ring of 1, 2, 3; that version is completed while 1 and 2 have heard nothing of its being agreed.
/// A change that is still being agreed by the old majority alone and one by the new majority alone then never meet.
bool agreesOnOneChain(AgreementRule rule) {
  Agreement ring(rule, 3, 7);
  Agreement::Proposer late = ring.propose(1, joiner(6));
  ring::Member four = joiner(4);
  Agreement::Proposer first = ring.propose(3, four);
  first.list.put(joiner(5));
  ring.ask(first, 3);
  ring.ask(first, 2);  // agreed: 1 .. 5, by 2 and 3
  const ring::MemberList five = first.list;
  ring.ask(late, 1);  // 1 has heard of nothing
  ring.ask(late, 2);  // 2 hands over the union, which now is sent
  ring.complete(five, {3, 4, 5});
  ring.ask(late, 1);  // and the union is agreed by 1 and 2, a majority of the only version that they know
  Agreement::Proposer next = ring.propose(3, joiner(7));
  ring.ask(next, 3);
  ring.ask(next, 4);
  ring.ask(next, 5);  // agreed by a majority of the complete version
  return ring.chain();
}

TEST(Agreement, AsWordedTwoVersionsMayBeAgreedThatDoNotContainOneAnother) {
  EXPECT_FALSE(agreesOnOneChain(AgreementRule::AsWorded));
}

TEST(Agreement, AMajorityOfEveryListThatWasAnsweredKeepsThemOneChain) {
  EXPECT_TRUE(agreesOnOneChain(AgreementRule::CountingAnswered));
}

/// Random proposers, completions and gossip; what a version needs to be complete is taken as given, but for the
/// majority.
bool randomRun(AgreementRule rule, std::uint64_t seed, std::size_t& agreed) {
  Random random(seed);
  constexpr unsigned kNodesThere = 9;
  Agreement ring(rule, 3, kNodesThere);
  std::vector<Agreement::Proposer> proposers;
  NodeId next = 4;
  for (unsigned step = 0; step < 60 && ring.chain(); ++step) {
    const unsigned drawn = random.below(20);
    if (drawn < 2 && next <= kNodesThere) {
      proposers.push_back(ring.propose(1 + random.below(next - 1), joiner(next)));
      ++next;
      // Two at once, as when two changes meet: single steps share a majority with their neighbours by luck.
      if (next <= kNodesThere && random.chance(500)) proposers.back().list.put(joiner(next++));
    } else if (drawn < 16 && !proposers.empty()) {
      Agreement::Proposer& proposer = proposers[random.below(proposers.size())];
      if (!proposer.done) ring.ask(proposer, 1 + random.below(next - 1));
    } else if (drawn < 18) {
      ring.learn(1 + random.below(next - 1), ring.at(1 + random.below(next - 1)).active);
    } else if (ring.agreed().size() > 1) {
      const ring::MemberList version = ring.agreed()[random.below(ring.agreed().size())];
      std::vector<NodeId> holders = version.present();
      while (holders.size() > version.present().size() / 2 + 1) {
        holders.erase(holders.begin() + random.below(holders.size()));
      }
      ring.complete(version, holders);
    }
  }
  agreed += ring.agreed().size() - 1;
  return ring.chain();
}

TEST(Agreement, RandomChangesAreOneChainWhenAnsweredListsCount) {
  std::size_t agreed = 0;
  for (std::uint64_t seed = 1; seed <= 30'000; ++seed) {
    ASSERT_TRUE(randomRun(AgreementRule::CountingAnswered, seed, agreed)) << "seed " << seed;
  }
  EXPECT_GT(agreed, 30'000u) << "too few changes came to an end to prove anything";
  RecordProperty("agreed", static_cast<int>(agreed));
}

TEST(Agreement, RandomChangesFindTheWordingWanting) {
  std::size_t agreed = 0;
  unsigned broken = 0;
  for (std::uint64_t seed = 1; seed <= 30'000; ++seed)
    broken += randomRun(AgreementRule::AsWorded, seed, agreed) ? 0 : 1;
  EXPECT_GT(broken, 0u);
  RecordProperty("agreed", static_cast<int>(agreed));
  RecordProperty("broken", static_cast<int>(broken));
}

}  // namespace
