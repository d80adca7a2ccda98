// Proves what `status` prints, and that its exit status says whether all is well: the program runs as a process against
// a server that plays prepared answers.

#include <gmock/gmock.h>

#include "common/protocol/shapes.h"
#include "tests/unit/client/play.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;

TEST(StatusCommand, PrintsTheRingAsATable) {
  const auto member = [](NodeId id, std::string name, std::optional<bool> lastCall) {
    protocol::NodeStatus status;
    status.id = id;
    status.name = std::move(name);
    status.lastCallOk = lastCall;
    return status;
  };
  protocol::RingStatus ring;
  ring.self = 1;
  ring.selfName = "localhost:50140";
  ring.programVersion = "0.1.0";
  ring.ringIdentity = 0xabc;
  ring.height = 5;
  ring.fingerprint = 0xdef;
  ring.members = {member(1, "localhost:50140", std::nullopt), member(2, "b.example:50141", true),
                  member(3, "\x1b[2Jc:50142", false), member(4, "", std::nullopt)};
  ring.members[1].zone = "cellar";
  ring.members[1].keys = 11;
  ring.members[1].bytes = 2048;
  ring.members[1].uptimeSeconds = 3700;
  ring.members[1].clockOffsetMicros = -250'000;
  ring.members[1].toFill = 3;
  ring.members[1].fingerprint = 0x111;
  ring.members[1].version = "0.2.0";
  ring.members[2].lastError = "no answer";
  ring.members[2].liveness = protocol::Liveness::Down;
  ring.members[3].liveness = protocol::Liveness::Suspect;
  ring.toFill = 7;
  ring.trouble = "the clock\nis off";
  ring.members[2].weightHundredths = 250;
  ring.members[3].state = protocol::MemberState::Joining;
  ring.keys = 12;
  ring.bytes = 34567;
  Play play({answers(answerOf(200, protocol::toJson(ring)))});
  const Ran ran = play.run({"-c", "status"});
  EXPECT_EQ(ran.exit, 1);
  EXPECT_EQ(ran.err, "not all is well: this node does not serve as it should: the clock is off\n");
  EXPECT_EQ(ran.out,
            "ring 0000000000000abc, version 5, 3 replicas, table 0000000000000def\n"
            "asked localhost:50140, MyDHT 0.1.0: 12 keys, 33.8 KiB\n"
            "it has 7 partitions to fill\n"
            "this node does not serve as it should: the clock is off\n"
            "\n"
            "NODE                STATE    LAST CALL  KEYS     SIZE   UPTIME     CLOCK  WEIGHT  ZONE    REMARKS\n"
            "localhost:50140     active   itself        -        -        -         -       -  -       -\n"
            "b.example:50141     active   ok           11  2.0 KiB  1:01:40  -0.250 s       -  cellar  "
            "3 partitions to fill; another table: 0000000000000111; MyDHT 0.2.0\n"
            " [2Jc:50142         active   down          -        -        -         -    2.50  -       no answer\n"
            "(0000000000000004)  joining  suspect       -        -        -         -       -  -       -\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "GET /_mydht/status HTTP/1.1");
}

/// The line of `status` about copies. Its exit status says whether all is well.
std::string copiesLineOf(const protocol::RingStatus& ring) {
  Play play({answers(answerOf(200, protocol::toJson(ring))), answers(answerOf(200, protocol::toJson(ring)))});
  const Ran ran = play.run({"status"});
  const bool well = ran.out.find("every key has all its copies") != std::string::npos;
  EXPECT_EQ(ran.exit, well ? 0 : 1) << ran.err;
  EXPECT_EQ(play.run({"status", "--json"}).exit, ran.exit);
  const std::size_t begin = ran.out.find('\n', ran.out.find('\n') + 1) + 1;
  return ran.out.substr(begin, ran.out.find('\n', begin) - begin);
}

TEST(StatusCommand, SaysWhetherEveryKeyHasAllItsCopies) {
  protocol::RingStatus ring;
  ring.self = 1;
  ring.copies = 3;
  for (NodeId id = 1; id <= 3; ++id) {
    protocol::NodeStatus member;
    member.id = id;
    member.name = "n" + std::to_string(id) + ":1";
    member.agreement = protocol::Agreement{0, 0, 0, 0, 10 * id};
    if (id > 1) member.lastCallOk = true;
    ring.members.push_back(member);
  }
  EXPECT_EQ(copiesLineOf(ring), "every key has all its copies (3), compared within the last 31 s");
  auto& agreement = *ring.members[1].agreement;
  agreement = {0, 7, 0, 3, 10};
  EXPECT_THAT(copiesLineOf(ring), testing::StartsWith("every key")) << "what is being written differs for a moment";
  agreement.seconds = 12;
  EXPECT_EQ(copiesLineOf(ring),
            "7 partitions differ between home nodes, 12 s so far: some keys lack a copy, and are given it");
  agreement.differing = 0;
  agreement.uncompared = 9;
  agreement.seconds = 0;
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("9 partitions are being compared"));
  agreement.lacking = 5;
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("gets no answer from another"));
  ring.members[1].lastCallOk = false;
  EXPECT_THAT(copiesLineOf(ring), testing::StartsWith("no answer from n2:1"));
  ring.members[1].lastCallOk = true;
  ring.activeVersions = 2;
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("is changing"));
  ring.activeVersions = 1;
  agreement = {};
  ring.copies = 2;
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("2 of the 3 copies"));
  ring.copies = 3;
  ring.members[2].clockOffsetMicros = 1'500'000;
  EXPECT_THAT(copiesLineOf(ring), testing::StartsWith("every key")) << "it is for the node to say whose clock is off";
  ring.members[2].clockOff = true;
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("n3:1's clock is off"));
  ring.members[2].clockOff = false;
  ring.members[2].diskUse = protocol::DiskUse{.waiting = 2};
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("2 damaged values wait on the disk of n3:1"));
  ring.members[2].diskUse.reset();
  ring.members[2].fingerprint = 5;
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("n3:1 has another table"));
  ring.members[2].diskUse = protocol::DiskUse{.damagedTables = 1};
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("the database of n3:1 is damaged: start it with an empty data directory"));
  ring.members[2].disk = "full";
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("the disk of n3:1 is full"));
  ring.members[1].disk = "failed";
  EXPECT_THAT(copiesLineOf(ring), HasSubstr("the disk of n2:1 has failed"));
}

TEST(StatusCommand, TellsBelowOfCopiesDisksAndWhatHappened) {
  protocol::RingStatus ring;
  ring.self = 1;
  ring.copies = 3;
  for (NodeId id = 1; id <= 3; ++id) {
    protocol::NodeStatus member;
    member.id = id;
    member.name = "n" + std::to_string(id) + ":1";
    member.agreement = protocol::Agreement{0, 0, 0, 0, 10};
    member.diskUse = protocol::DiskUse{10 * id << 30, id << 30, 256 << 20, 0, 0, 0, 0};
    member.tombstones = 5 * id;
    ring.members.push_back(member);
  }
  ring.members[0].agreement = protocol::Agreement{0, 7, 0, 500, 10};
  ring.members[0].diskUse->scrubbedMicros = 1'795'169'700'000'000;
  ring.members[0].diskUse->findings = 2;
  ring.members[1].agreement = protocol::Agreement{4, 0, 0, 61, 10};
  ring.members[2].liveness = protocol::Liveness::Down;
  ring.members[2].hints = 3;
  ring.members[2].hintsInAll = 13;
  ring.members[2].tombstonesWaitAt = 2;
  ring.members[2].clockOff = true;
  ring.lately = {{1'795'169'700'000'000, "WARN", "member.silent", "node=n3:1"}};
  Play play({answers(answerOf(200, protocol::toJson(ring)))});
  const Ran ran = play.run({"status"});
  EXPECT_THAT(ran.out,
              HasSubstr("missed 13 writes, which are kept for it; deleted keys are kept for it at 2 other nodes; "
                        "its clock is off\n"));
  EXPECT_THAT(ran.out,
              testing::EndsWith("\n\n"
                                "NODE  COPIES                              DELETED  DISK FREE        OF    RESERVE  "
                                "LAST SCRUB                     FINDINGS\n"
                                "n1:1  7 partitions differ, 8 min so far         5    1.0 GiB  10.0 GiB  256.0 MiB  "
                                "Fri, 20 Nov 2026 10:15:00 GMT         2\n"
                                "n2:1  4 partitions lack one, 61 s so far       10    2.0 GiB  20.0 GiB  256.0 MiB  "
                                "-                                     -\n"
                                "n3:1  -                                        15    3.0 GiB  30.0 GiB  256.0 MiB  "
                                "-                                     -\n"
                                "\n"
                                "lately, as this node saw it:\n"
                                "Fri, 20 Nov 2026 10:15:00 GMT  WARN member.silent node=n3:1\n"))
      << ran.out;
}

}  // namespace
}  // namespace mydht::client
