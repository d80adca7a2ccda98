#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "server/store/rows.h"
#include "tests/simulation/stack/scenario.h"

/// What scripts need where nodes go: actions on the ring through a node, waited for, and who holds what afterwards.
namespace mydht::simulation {

using Removed = std::optional<Result<cluster::Removal>>;

inline Task<> removeInto(SimNode& through, std::vector<std::string> names, bool force, Deadline deadline,
                         Removed& outcome) {
  auto removed = co_await through.node().memberChanges().remove(std::move(names), force, deadline);
  outcome = std::move(removed);
}

/// Begins to remove the victims through a node; the outcome has to live until it is there.
inline void beginRemove(Scenario& s, unsigned through, const std::vector<unsigned>& victims, bool force,
                        Removed& outcome) {
  std::vector<std::string> names;
  for (const unsigned victim : victims) names.push_back(s.node(victim).name());
  const Deadline deadline = s.ring.time.now() + std::chrono::seconds(5);
  s.node(through).spawn(removeInto(s.node(through), std::move(names), force, deadline, outcome));
}

/// Removes the victims through a node; what it was answered.
inline Result<cluster::Removal> remove(Scenario& s, unsigned through, const std::vector<unsigned>& victims,
                                       bool force = false) {
  Removed outcome;
  beginRemove(s, through, victims, force, outcome);
  s.await([&] { return outcome.has_value(); }, "the end of a remove");
  return outcome.value_or(Error{Kind::Unknown, "no answer"});
}

inline Task<> replicasInto(SimNode& through, std::uint32_t count, Deadline deadline, std::optional<Status>& outcome) {
  auto set = co_await through.node().memberChanges().setReplicas(count, deadline);
  outcome = set;
}

inline Status setReplicas(Scenario& s, unsigned through, std::uint32_t count) {
  std::optional<Status> outcome;
  const Deadline deadline = s.ring.time.now() + std::chrono::seconds(5);
  s.node(through).spawn(replicasInto(s.node(through), count, deadline, outcome));
  s.await([&] { return outcome.has_value(); }, "the end of a change of the number of copies");
  return outcome.value_or(Error{Kind::Unknown, "no answer"});
}

/// On how many disks of nodes that are up the key lies.
inline unsigned copiesOf(Scenario& s, const std::string& key) {
  unsigned copies = 0;
  for (std::size_t i = 0; i < s.ring.size(); ++i) {
    const bool here = s.ring[i].up() && s.ring[i].medium().row(store::entryRowName(key)) != nullptr;
    copies += here ? 1 : 0;
  }
  return copies;
}

/// A value for every key, through one node.
inline void putAll(Scenario& s, unsigned through = 0) {
  for (const std::string& key : Scenario::keys()) s.mustBe(s.done(s.put(through, key)), "a put succeeds");
}

/// Every key can be read through the node.
inline void readAll(Scenario& s, unsigned through) {
  for (const std::string& key : Scenario::keys()) {
    const auto read = s.get(through, key);
    s.mustBe(s.done(read) && s.at(read).value != 0, key + " is there: " + s.workload.told(read));
  }
}

/// Of the scripts about them: what the checkers found, with every test, and steps that several of them need.
class Departures : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }
  std::size_t members(unsigned node) { return s.node(node).node().status().members.size(); }
  /// How many members the list has that the node has accepted last, whether or not it was agreed.
  std::size_t accepted(unsigned node) { return s.node(node).node().membership().accepted().present().size(); }
  /// The node's disk has failed and it has found out: it stores nothing until it is started again.
  void failDisk(unsigned node) {
    s.node(node).disk().failNext(Fault::Write, Kind::Io);
    for (const std::string& key : Scenario::keys()) s.put(node, key);
    s.mustBe(s.node(node).disk().failure().has_value(), "it was home of one of the keys");
  }
  void awaitDown(unsigned node) {
    s.await([&] { return s.node(node).down(); }, "the node has ended");
  }
  /// Nodes 3 and 4 join a ring of three, and neither change is completed until the rules are forgotten.
  void joinTwo() {
    s.drop(Scenario::Type::Filled, Scenario::kAny, Scenario::kAny);
    s.join(0);
    s.await([&] { return s.node(3).up() && s.changing(0); }, "the first join is under way");
    s.join(1);
    s.await([&] { return s.node(4).up(); }, "the second one too");
    s.await([&] { return s.node(0).node().membership().view()->active().size() == 3; }, "three versions are active");
  }
  /// Node 0 of three goes on from a backup, and until the rules are forgotten nobody can tell it.
  void startThreeWithNode0SetBack() {
    s.ring.startAll(3);
    putAll(s);
    const auto backup = s.node(0).medium().snapshot();
    putAll(s);
    s.kill(0);
    s.node(0).medium().rollback(*backup);
    s.drop(Scenario::Type::Hello, 0, Scenario::kAny);  // nobody can tell it
    s.node(0).start({});
    s.await([&] { return s.node(0).up(); }, "it serves what needs no vote of its own");
  }
  /// Nodes of the two groups cannot reach one another.
  void split(const std::vector<unsigned>& left, const std::vector<unsigned>& right) {
    for (const unsigned a : left) {
      for (const unsigned b : right) {
        s.ring.network.cut(s.node(a).name(), s.node(b).name());
        s.ring.network.cut(s.node(b).name(), s.node(a).name());
      }
    }
  }

  Scenario s;
};

}  // namespace mydht::simulation
