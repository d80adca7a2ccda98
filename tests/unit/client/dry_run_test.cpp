// Proves what the changes of the ring print with --dry-run, and that nothing but a question is sent: the program runs
// as a process against a server that plays prepared answers.

#include <gmock/gmock.h>

#include "common/protocol/shapes.h"
#include "tests/unit/client/play.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;

/// What a node answers that was only asked what a change would do.
std::string foreseen(const std::string& action, protocol::Forecast forecast, std::uint64_t mayBeLost = 0) {
  return answerOf(200, protocol::toJson(protocol::RingAction{action, {"b:1"}, mayBeLost, std::move(forecast)}));
}

TEST(DryRun, OfAChangeSaysHowMuchWouldMoveAndAsksForNoMore) {
  Play play({answers(foreseen("leave", {6000, 6100, 6050, 3 << 20, ""})),
             answers(foreseen("replicas", {16384, 16384, 16384, 1 << 20, ""})), answers(foreseen("join", {})),
             answers(foreseen("join", {}))});
  expectOutput(play.run({"leave", "b:1", "--dry-run"}),
               "would make 6100 copies of partitions anew, of 6000 of the ring's 16384 partitions: about 3.0 MiB\n"
               "no placement could do with less than 6050 of them; this is 1.01 times that\n");
  expectOutput(play.run({"replicas", "4", "--dry-run"}),
               "would make 16384 copies of partitions anew, of 16384 of the ring's 16384 partitions: about 1.0 MiB\n"
               "no placement could do with less than 16384 of them; this is 1.00 times that\n");
  expectOutput(play.run({"join", "--dry-run"}), "would move nothing: every key has its copies where they would be\n");
  expectOutput(play.run({"join", "2.5,cellar", "--dry-run"}),
               "would move nothing: every key has its copies where they would be\n");
  const auto heard = play.server.heard(4);
  EXPECT_EQ(heard[0].requestLine(), "POST /_mydht/actions/leave?node=b%3A1&dry-run=1 HTTP/1.1");
  EXPECT_EQ(heard[1].requestLine(), "POST /_mydht/actions/replicas?count=4&dry-run=1 HTTP/1.1");
  EXPECT_EQ(heard[2].requestLine(), "POST /_mydht/actions/join?weight=&dry-run=1 HTTP/1.1");
  EXPECT_EQ(heard[3].requestLine(), "POST /_mydht/actions/join?weight=2.5&zone=cellar&dry-run=1 HTTP/1.1");
}

TEST(DryRun, OfAChangeThatWouldBeRefusedSaysWhyAndFails) {
  Play play({answers(foreseen("remove", {1, 2, 2, 0, "b:1 is up: use leave"}, 9)),
             answers(answerOf(200, R"({"action":"remove","nodes":["b:1"]})"))});
  const Ran ran = play.run({"remove", "b:1", "--force", "--dry-run"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.out, HasSubstr("would make 2 copies"));
  EXPECT_THAT(ran.out, HasSubstr("of 9 partitions no quorum of good copies would be left"));
  EXPECT_EQ(ran.err, "it would be refused: b:1 is up: use leave\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "POST /_mydht/actions/remove?node=b%3A1&force=1&dry-run=1 HTTP/1.1");
  Play nothing({answers(foreseen("remove", {}, 9))});
  EXPECT_THAT(nothing.run({"remove", "b:1", "--force", "--dry-run"}).out, HasSubstr("of 9 partitions no quorum"))
      << "what may be lost is told where nothing would move, too";
  const Ran old = play.run({"remove", "b:1", "--dry-run"});
  EXPECT_EQ(old.exit, 1);
  EXPECT_THAT(old.err, HasSubstr("may have done it")) << "an older node does not know of dry-run";
}

TEST(DryRun, IsAllThatJoinIsFor) {
  Play play({});
  const Ran ran = play.run({"join"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.err, HasSubstr("started with -s"));
  EXPECT_EQ(play.server.connections(), 0);
}

}  // namespace
}  // namespace mydht::client
