// Proves what a dead, a vanished or a frozen node costs clients of the others: every put, get and delete succeeds, none
// takes over a second, after the first few none is slower than on a healthy ring, and the node is not asked by them
// again. How: clients at every other node at once, on the whole stack in virtual time; what takes how long is measured
// and every request to the faulty node is counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>

#include "server/store/rows.h"
#include "tests/simulation/stack/scenario.h"

namespace mydht::simulation {
namespace {

using namespace std::chrono_literals;
using Type = wire::MessageType;
constexpr std::size_t kPieceBytes = 64 * 1024;
// What an operation takes on a healthy ring: two messages and their answers of up to 5 ms each, reads and syncs of up
// to 8 ms, some of them one after the other.
constexpr Duration kHealthy = 100ms;

enum class Ill {
  Dead,      ///< its connections are refused
  Vanished,  ///< what is sent to it is lost
  Frozen,    ///< its system takes what is sent, its process does nothing
};

const char* nameOf(Ill ill) {
  return ill == Ill::Dead ? "Dead" : ill == Ill::Vanished ? "Vanished" : "Frozen";
}

/// A client's body of so many pieces.
class Upload final : public ByteSource {
 public:
  explicit Upload(std::size_t pieces) : left_(pieces) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<Bytes>> next(Deadline) override {
    if (left_ == 0) co_return Bytes();
    --left_;
    co_return Bytes(std::string(kPieceBytes, 'x'));
  }

 private:
  std::size_t left_;
};

/// One client's operation, as the client saw it.
struct Seen {
  std::string what;
  Time begin{};
  Time end{};
  bool over = false;
  bool ok = false;
  std::string told;
};

void conclude(Seen& seen, Time now, const Status& status) {
  seen.end = now;
  seen.over = true;
  seen.ok = status.ok();
  if (!status) seen.told = status.error().text;
}

Task<> putMany(SimNode& node, std::string key, std::size_t pieces, Seen& seen) {
  cluster::PutRequest request;
  request.key = std::move(key);
  request.value = std::make_unique<Upload>(pieces);
  auto written = co_await node.node().coordinator(0).put(std::move(request), node.executor().now() + 10s);
  conclude(seen, node.executor().now(), written ? Status() : Status(written.error()));
}

Task<Status> fetchRange(SimNode& node, std::string key, std::uint64_t offset, std::uint64_t length, bool whole) {
  cluster::Coordinator& coordinator = node.node().coordinator(0);
  const Deadline deadline = node.executor().now() + 10s;
  auto located = co_await coordinator.locate(std::move(key), cluster::Consistency::Quorum, whole, deadline);
  if (!located) co_return located.error();
  if (whole) length = located->entry.size;
  auto body = co_await coordinator.body(std::move(*located), offset, length, deadline);
  if (!body) co_return body.error();
  auto bytes = co_await collect(std::move(*body), length, deadline);
  if (!bytes) co_return bytes.error();
  if (bytes->size() != length) co_return Error{Kind::Corrupt, "not as long as it should be"};
  co_return Status();
}

Task<> getRange(SimNode& node, std::string key, std::uint64_t offset, std::uint64_t length, Seen& seen) {
  auto fetched = co_await fetchRange(node, std::move(key), offset, length, length == 0);
  conclude(seen, node.executor().now(), fetched);
}

/// Of what runs in the background, whatever clients do. Repair is not: gets repair too, but none asks a node that is
/// down for it.
bool isOfBackground(Type type) {
  constexpr std::array kTypes{Type::Gossip,     Type::Hello, Type::Filled, Type::CompareTrees,
                              Type::EntryHeads, Type::Holds, Type::Close,  Type::Settle};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

class FailureDetector : public testing::Test {
 protected:
  /// All that runs in the background does, as often as it does by default: it may not be in the clients' way.
  void SetUp() override {
    const cluster::Settings usual;
    s.ring.settings.hints = usual.hints;
    s.ring.settings.timing = usual.timing;
  }
  void TearDown() override {
    EXPECT_TRUE(s.broken().empty()) << testing::PrintToString(s.broken());
    EXPECT_TRUE(s.stuck().empty()) << testing::PrintToString(s.stuck());
  }

  void strike(unsigned number, Ill ill) {
    ill_ = number;
    if (ill == Ill::Dead) s.kill(number);
    if (ill == Ill::Frozen) s.node(number).executor().pause();
    if (ill != Ill::Vanished) return;
    for (unsigned other = 0; other < s.ring.size(); ++other) {
      s.ring.network.cut(s.node(other).name(), s.node(number).name());
      s.ring.network.cut(s.node(number).name(), s.node(other).name());
    }
  }

  void heal(Ill ill) {
    if (ill == Ill::Dead) s.start(ill_);
    if (ill == Ill::Frozen) s.node(ill_).executor().resume();
    if (ill == Ill::Vanished) s.ring.network.heal();
  }

  /// Notes that all others keep of what it missed.
  std::uint64_t hintsForIll() {
    std::uint64_t hints = 0;
    for (unsigned number = 0; number < s.ring.size(); ++number) {
      if (number == ill_) continue;
      for (const auto& member : s.node(number).node().status().members) {
        if (member.hostPort == s.node(ill_).name()) hints += member.hints;
      }
    }
    return hints;
  }

  Seen& begin(std::string what) {
    seen_.push_back(std::make_unique<Seen>());
    seen_.back()->what = std::move(what);
    seen_.back()->begin = s.ring.time.now();
    return *seen_.back();
  }

  /// A value of some MB, which all ranges are read of.
  void putBig(unsigned through, const std::string& key) {
    Seen& seen = begin("put of 1.5 MiB of " + key + " through " + std::to_string(through));
    s.node(through).spawn(putMany(s.node(through), key, 24, seen));
  }
  void putBigValues() {
    for (unsigned i = 0; i < 8; ++i) putBig(i % 3, "big" + std::to_string(i));
    awaitSeen();
  }
  void awaitSeen() {
    s.await([&] { return std::ranges::all_of(seen_, [](const auto& seen) { return seen->over; }); },
            "an operation's end");
    for (auto& seen : seen_) judged_.push_back(std::move(*seen));
    seen_.clear();
  }
  void getBig(unsigned through, const std::string& key, std::uint64_t offset, std::uint64_t length) {
    Seen& seen = begin("get of a range of " + key + " through " + std::to_string(through));
    s.node(through).spawn(getRange(s.node(through), key, offset, length, seen));
  }

  /// Every client does one operation of each kind at the same time as all others, again and again for that time.
  void load(Duration duration, Duration pause) {
    const Time until = s.ring.time.now() + duration;
    for (; s.ring.time.now() < until; ++tick_) {
      std::vector<std::size_t> operations;
      for (unsigned through = 0; through < s.ring.size(); ++through) {
        if (through == ill_ || !s.node(through).up()) continue;
        const auto key = [&](unsigned i) { return "k" + std::to_string((tick_ * 7 + through * 11 + i) % 40); };
        operations.push_back(s.workload.put(s.node(through), key(0), tick_ % 4 == 1));
        operations.push_back(s.workload.get(s.node(through), key(1)));
        operations.push_back(s.workload.get(s.node(through), key(2)));
        if (tick_ % 5 == 2) operations.push_back(s.workload.del(s.node(through), key(3)));
        const std::string big = "big" + std::to_string((tick_ + through) % 8);
        getBig(through, big, 0, 0);
        getBig(through, big, 1'000'000, 300'000);
        if (tick_ % 8 == through) putBig(through, big);
      }
      for (const std::size_t one : operations) {
        s.finish(one);
        Seen& seen = begin(describe(s.at(one)));
        seen = {seen.what, s.at(one).begin, s.at(one).end, true, s.done(one), s.workload.told(one)};
      }
      awaitSeen();
      s.run(pause);
    }
  }

  /// What was seen since the last time: all succeeded within a second; returns how many were slower than healthy.
  unsigned slow(const char* phase) {
    unsigned slow = 0;
    Duration longest{};
    for (const Seen& seen : judged_) {
      const Duration took = seen.end - seen.begin;
      EXPECT_TRUE(seen.ok) << seen.what << ": " << seen.told;
      EXPECT_LE(took, 1s) << seen.what;
      longest = std::max(longest, took);
      if (took > kHealthy) ++slow;
    }
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
    std::printf("%s: %zu operations, longest %lld ms, %u over %d ms\n", phase, judged_.size(),
                static_cast<long long>(millis), slow, 100);
    judged_.clear();
    return slow;
  }

  /// Requests to the ill node so far: of clients' operations, or of the background's.
  unsigned asked(bool byClients) const {
    unsigned sum = 0;
    for (unsigned type = 0; type <= static_cast<unsigned>(wire::kLastMessageType); ++type) {
      const auto one = static_cast<Type>(type);
      if (one == Type::Probe) continue;  // the failure detector's own: counted by themselves
      if (byClients != isOfBackground(one)) sum += s.requests(ill_, one);
    }
    return sum;
  }

  void measure(unsigned nodes, Ill ill, unsigned number);

  Scenario s;
  unsigned ill_ = Scenario::kAny;
  unsigned tick_ = 0;
  std::vector<std::unique_ptr<Seen>> seen_;
  std::vector<Seen> judged_;
};

void FailureDetector::measure(unsigned nodes, Ill ill, unsigned number) {
  std::printf("%s node of %u\n", nameOf(ill), nodes);
  putBigValues();
  load(500ms, 20ms);
  EXPECT_EQ(slow("healthy"), 0U);
  strike(number, ill);
  load(3s, 60ms);
  slow("struck");
  const unsigned byClients = asked(true);
  const unsigned byOthers = asked(false);
  const unsigned probes = s.requests(ill_, Type::Probe);
  load(15s, 400ms);
  EXPECT_EQ(slow("after"), 0U);
  EXPECT_EQ(asked(true), byClients) << "clients' operations ask a node again that does not answer";
  std::printf("asked by clients %u, later %u, by the background later %u\n", byClients, asked(true) - byClients,
              asked(false) - byOthers);
  // Each of the others asks it after 1 s, 2 s, 4 s and then every 8 s, and waits up to 2 s each time.
  EXPECT_LE(asked(false) - byOthers, (nodes - 1) * 6);
  // Each looks for the dead once a second; the first three seconds may not have been quite enough to know it.
  EXPECT_LE(s.requests(ill_, Type::Probe) - probes, (nodes - 1) * 16 + 20);
  EXPECT_GT(hintsForIll(), 20U);
  heal(ill);
  load(10s, 60ms);
  EXPECT_EQ(slow("back, while what it missed is brought"), 0U);
  s.await([&] { return hintsForIll() == 0; }, "all that it missed is brought");
}

/// The entry that lies on a node's medium, synced; none if there is none.
std::optional<store::Row> rowOn(SimNode& node, const std::string& key) {
  const std::string name = store::entryRowName(key);
  const Bytes* const content = node.medium().row(name);
  if (content == nullptr) return std::nullopt;
  const auto row = store::decodeEntryRow(name, content->view());
  return row ? std::optional<store::Row>(**row) : std::nullopt;
}

TEST_F(FailureDetector, ANodeFrozenDuringAChangeOfTheRingHoldsUpNobody) {
  s.ring.startAll(3);
  putBigValues();
  load(500ms, 20ms);
  s.drop(Type::Filled, Scenario::kAny, Scenario::kAny);  // the change does not end
  s.join(0);
  s.await([&] { return s.ring.size() == 4 && s.node(3).up() && s.changing(0) && s.changing(1); },
          "a change of the ring");
  s.await([&] { return s.node(3).node().status().toFill == 0; }, "a joiner that has filled");
  load(500ms, 20ms);
  slow("during a change");
  EXPECT_TRUE(s.changing(0));
  strike(1, Ill::Frozen);
  load(3s, 60ms);
  slow("struck");
  const unsigned byClients = asked(true);
  load(10s, 400ms);
  EXPECT_EQ(slow("after"), 0U);
  EXPECT_EQ(asked(true), byClients);
  s.node(1).executor().resume();
  s.forgetRules();
  s.awaitQuiet();
}

TEST_F(FailureDetector, ANodeThatFreezesInTheMiddleOfABodyIsFollowedByAnotherOneWithinASecond) {
  s.ring.startAll(5);
  const std::string key = s.keyOf(0, {1, 2, 3});
  Seen& big = begin("put of 6 MiB");
  s.node(0).spawn(putMany(s.node(0), key, 96, big));
  awaitSeen();
  for (unsigned round = 0; round < 24; ++round) {
    const unsigned frozen = 1 + round % 3;
    getBig(0, key, 0, 0);
    s.run(round * 3ms);
    s.node(frozen).executor().pause();
    awaitSeen();
    s.node(frozen).executor().resume();
    s.run(15s);
  }
  EXPECT_GE(slow("with a home node frozen in the middle"), 3U);
}

TEST_F(FailureDetector, AFrozenNodeThatComesBackServesNothingStaleAndIsSoonUsedAgain) {
  s.ring.startAll(3);
  const auto before = s.put(0, "k0");
  s.run(1s);  // by now the third node has it too
  strike(2, Ill::Frozen);
  std::map<std::string, std::uint64_t> newest;
  for (unsigned second = 0; second < 30; ++second) {
    const auto small = s.put(second % 2, "k0");
    const auto large = s.put(second % 2, "k1", true);
    newest["k0"] = s.at(small).value;
    newest["k1"] = s.at(large).value;
    s.run(1s);
  }
  EXPECT_EQ(rowOn(s.node(2), "k0")->value.view(), Workload::valueBytes(s.at(before).value, false));
  s.node(2).executor().resume();
  const Time back = s.ring.time.now();
  for (const auto& [key, value] : newest) {
    const auto read = s.get(2, key);
    EXPECT_TRUE(s.done(read)) << s.workload.told(read);
    EXPECT_EQ(s.at(read).value, value) << key << " through the node that was frozen";
  }
  // What the quorum reads found behind was written back.
  s.await([&] { return rowOn(s.node(2), "k0")->value.view() == Workload::valueBytes(newest["k0"], false); },
          "k0 there");
  s.await([&] { return rowOn(s.node(2), "k1") && rowOn(s.node(2), "k1")->entry.size > limits::kInlineBytes; },
          "k1 there");
  const auto usedBy = [&](unsigned other) {
    return s.node(other).node().status().members.size() == 3 &&
           std::ranges::all_of(s.node(other).node().status().members, [](const auto& m) { return m.lastCallOk; });
  };
  s.await([&] { return usedBy(0) && usedBy(1); }, "both others use it again");
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(s.ring.time.now() - back).count();
  std::printf("used again after %lld ms\n", static_cast<long long>(took));
  EXPECT_LE(took, 3000);
  const auto after = s.put(0, "k5");
  s.run(1s);
  ASSERT_TRUE(rowOn(s.node(2), "k5").has_value());
  EXPECT_EQ(rowOn(s.node(2), "k5")->value.view(), Workload::valueBytes(s.at(after).value, false));
}

TEST_F(FailureDetector, AFrozenNodeThatComesBackIntoAnotherVersionOfTheRingIsRefusedAndLearnsIt) {
  s.ring.startAll(4);
  for (const std::string& key : Scenario::keys()) s.put(0, key);
  strike(3, Ill::Frozen);
  s.join(0);
  s.await([&] { return s.node(4).up(); }, "a joiner that serves");
  s.await([&] { return !s.changing(0) && s.newest(0) != s.newest(3); }, "a complete version without the frozen node");
  std::map<std::string, std::uint64_t> newest;
  for (const std::string& key : Scenario::keys()) newest[key] = s.at(s.put(1, key)).value;
  s.node(3).executor().resume();
  for (const auto& [key, value] : newest) {
    const auto read = s.get(3, key);
    EXPECT_TRUE(s.done(read)) << s.workload.told(read);
    EXPECT_EQ(s.at(read).value, value) << key << " through the node that was frozen";
  }
  s.await([&] { return s.newest(3) == s.newest(0); }, "the newest version known to the node that was frozen");
  s.awaitQuiet();
}

TEST_F(FailureDetector, AReadWritesBackWhatItFindsBehind) {
  s.ring.settings.hints.most = 0;  // nothing else is to bring it
  s.ring.settings.timing.balance = Duration(0);
  s.ring.startAll(3);
  for (const bool large : {false, true}) {
    const std::string key = large ? "k1" : "k0";
    s.put(0, key, !large);
    s.run(1s);
    s.drop(large ? Type::Publish : Type::Offer, Scenario::kAny, 2);
    const auto missed = s.put(0, key, large);
    s.run(3s);
    s.forgetRules();
    const Digest newest = rowOn(s.node(0), key)->entry.sha256;
    EXPECT_NE(rowOn(s.node(2), key)->entry.sha256, newest) << "it was to miss the put";
    s.run(5s);
    const auto read = s.get(2, key);
    EXPECT_EQ(s.at(read).value, s.at(missed).value);
    s.await([&] { return rowOn(s.node(2), key)->entry.sha256 == newest; }, "what was read, written back: " + key, 1s);
  }
}

class OneNodeOf : public FailureDetector, public testing::WithParamInterface<std::tuple<Ill, unsigned>> {};

TEST_P(OneNodeOf, HoldsUpNobodyForLongAndIsNotAskedAgainAndAgain) {
  const auto [ill, nodes] = GetParam();
  s.ring.startAll(nodes);
  measure(nodes, ill, nodes - 1);
}

INSTANTIATE_TEST_SUITE_P(
    , OneNodeOf, testing::Combine(testing::Values(Ill::Dead, Ill::Vanished, Ill::Frozen), testing::Values(3U, 5U)),
    [](const auto& info) {
      return std::string(nameOf(std::get<0>(info.param))) + std::to_string(std::get<1>(info.param));
    });

}  // namespace
}  // namespace mydht::simulation
