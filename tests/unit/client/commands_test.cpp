// Proves what each command sends and prints, to the letter: the program runs as a process against a server that plays
// prepared answers.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/hash/sha256.h"
#include "common/http/digest_field.h"
#include "common/protocol/action_shape.h"
#include "common/protocol/shapes.h"
#include "tests/unit/client/client_process.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Runs a command against a server that gives these answers.
struct Play {
  explicit Play(std::vector<Scene> scenes) : server(std::move(scenes)) {}

  Ran run(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), {"-h", "127.0.0.1", "-p", std::to_string(server.port())});
    return runClient(words, input);
  }

  ScriptedServer server;
};

Scene answers(std::string answer) {
  return {.answer = std::move(answer)};
}

void expectOutput(const Ran& ran, const std::string& out) {
  EXPECT_EQ(ran.out, out);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.exit, 0);
}

void expectError(const Ran& ran, const std::string& err, int exit = 1) {
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, err);
  EXPECT_EQ(ran.exit, exit);
}

std::string megabytes(std::size_t count) {
  std::string bytes(count * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>((i * 2654435761U) >> 13);
  return bytes;
}

TEST(Put, StoresAStringAndPrintsPutOk) {
  Play play({answers(answerOf(201, ""))});
  expectOutput(play.run({"-c", "put", "-k", "mykey", "-val", "myvalue"}), "PUT OK mykey\n");
  const Heard heard = play.server.heard(1)[0];
  EXPECT_EQ(heard.requestLine(), "PUT /mykey HTTP/1.1");
  EXPECT_EQ(heard.body, "myvalue");
  EXPECT_EQ(heard.field("Host"), play.server.address());
  EXPECT_EQ(heard.field("Content-Length"), "7");
  EXPECT_EQ(heard.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(heard.field("Repr-Digest"), http::reprDigest(sha256Of("myvalue")));
  EXPECT_EQ(heard.field("Expect"), "");
  EXPECT_EQ(heard.field("Authorization"), "");
}

TEST(Put, PrintsPutOkForAReplacedValueToo) {
  Play play({answers("HTTP/1.1 204 No Content\r\n\r\n")});
  expectOutput(play.run({"put", "mykey", "-val", ""}), "PUT OK mykey\n");
  EXPECT_EQ(play.server.heard(1)[0].field("Content-Length"), "0");
}

TEST(Put, StreamsAFileWithItsDigestAfterAskingWhetherItIsWanted) {
  const TestFolder folder;
  const std::string bytes = megabytes(5);
  const std::string file = folder.write("myfile.bin", bytes);
  Play play({answers(answerOf(201, ""))});
  expectOutput(play.run({"-c", "put", "-k", "myfilekey", "-f", file}), "PUT OK myfilekey\n");
  const Heard heard = play.server.heard(1)[0];
  EXPECT_TRUE(heard.body == bytes);
  EXPECT_EQ(heard.field("Content-Length"), std::to_string(bytes.size()));
  EXPECT_EQ(heard.field("Expect"), "100-continue");
  EXPECT_EQ(heard.field("Repr-Digest"), http::reprDigest(sha256Of(bytes)));
  EXPECT_EQ(heard.field("Content-Type"), "");
}

TEST(Put, StreamsStandardInputInChunks) {
  const std::string bytes = megabytes(1);
  Play play({answers(answerOf(201, ""))});
  expectOutput(play.run({"put", "k", "-f", "-"}, bytes), "PUT OK k\n");
  const Heard heard = play.server.heard(1)[0];
  EXPECT_TRUE(heard.body == bytes);
  EXPECT_EQ(heard.field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(heard.field("Repr-Digest"), "");
}

TEST(Put, SendsTheFileAlsoToAServerThatNeverSaysGo) {
  const TestFolder folder;
  const std::string bytes = megabytes(1);
  Play play({{.answer = answerOf(201, ""), .goes = false}});
  expectOutput(play.run({"put", "k", "-f", folder.write("f", bytes)}), "PUT OK k\n");
  EXPECT_TRUE(play.server.heard(1)[0].body == bytes);
}

TEST(Put, RefusesAFileThatItCannotReadBeforeItAsksAnybody) {
  const TestFolder folder;
  Play play({});
  const std::string missing = folder.path("missing");
  expectError(play.run({"put", "k", "-f", missing}), "cannot open " + missing + ": No such file or directory\n");
  const std::string directory = folder.path(".");
  expectError(play.run({"put", "k", "-f", directory}), "cannot read " + directory + ": Is a directory\n");
  EXPECT_EQ(play.server.connections(), 0);
}

TEST(Get, PrintsTheValueAndALineEnd) {
  Play play({answers(valueAnswer("myvalue"))});
  expectOutput(play.run({"-c", "get", "-k", "mykey"}), "myvalue\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "GET /mykey HTTP/1.1");
}

TEST(Get, PrintsAnEmptyValueAsAnEmptyLine) {
  Play play({answers(valueAnswer(""))});
  expectOutput(play.run({"get", "k"}), "\n");
}

TEST(Get, PrintsALargeValueWhole) {
  const std::string bytes = megabytes(3);
  Play play({answers(valueAnswer(bytes))});
  const Ran ran = play.run({"get", "k"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_TRUE(ran.out == bytes + "\n");
}

TEST(Get, PrintsTheBytesAloneForADash) {
  Play play({answers(valueAnswer("my\nvalue"))});
  expectOutput(play.run({"get", "k", "-o", "-"}), "my\nvalue");
}

TEST(Get, ReadsAChunkedAnswer) {
  Play play({answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nmyv\r\n4\r\nalue\r\n0\r\n\r\n")});
  expectOutput(play.run({"get", "k"}), "myvalue\n");
}

TEST(MissingValue, IsErrValueNotFoundOnStandardErrorAndMakesNoFile) {
  const std::string missing = problemAnswer(404, R"({"title":"Not Found","status":404,"detail":"no such key"})");
  Play play({answers(missing), answers(missing), answers(missing)});
  const TestFolder folder;
  expectError(play.run({"-c", "get", "-k", "mykey"}), "ERR_VALUE_NOT_FOUND\n");
  expectError(play.run({"-c", "get", "-k", "mykey", "-o", folder.path("f")}), "ERR_VALUE_NOT_FOUND\n");
  expectError(play.run({"-c", "del", "-k", "mykey"}), "ERR_VALUE_NOT_FOUND\n");
  EXPECT_TRUE(folder.names().empty());
}

TEST(Del, PrintsDelOk) {
  Play play({answers("HTTP/1.1 204 No Content\r\n\r\n")});
  expectOutput(play.run({"-c", "del", "-k", "myfilekey"}), "DEL OK myfilekey\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "DELETE /myfilekey HTTP/1.1");
}

TEST(HasKey, PrintsTheTimeInSecondsWithTwoDecimals) {
  const auto json = [](std::int64_t micros) {
    return protocol::toJson(
        protocol::HasKey{.key = "my key", .found = true, .timestampMicros = micros, .size = 1, .sha256 = ""});
  };
  Play play({answers(answerOf(200, json(1'300'386'351'670'000))), answers(answerOf(200, json(1'300'386'351'006'000)))});
  expectOutput(play.run({"-c", "haskey", "-k", "my key"}), "1300386351.67\n");
  expectOutput(play.run({"-c", "haskey", "-k", "my key"}), "1300386351.01\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "GET /_mydht/haskey?key=my%20key HTTP/1.1");
}

TEST(HasKey, PrintsZeroForAMissingValueAndThatIsNoError) {
  Play play({answers(answerOf(200, protocol::toJson(protocol::HasKey{.key = "k", .sha256 = ""})))});
  expectOutput(play.run({"-c", "haskey", "-k", "k"}), "0.0\n");
}

TEST(WhereIs, PrintsTheHomeNodesInTheirOrder) {
  const protocol::WhereIs whereIs{
      .key = "mykey", .partition = 7, .nodes = {"localhost:50142", "localhost:50140", "localhost:50143"}};
  Play play({answers(answerOf(200, protocol::toJson(whereIs)))});
  expectOutput(play.run({"-c", "whereis", "-k", "mykey"}), "localhost:50142, localhost:50140, localhost:50143\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "GET /_mydht/whereis?key=mykey HTTP/1.1");
}

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
    member.diskUse = protocol::DiskUse{10 * id << 30, id << 30, 256 << 20, 0, 0, 0};
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
  EXPECT_THAT(ran.out, HasSubstr("missed 13 writes, which are kept for it; deleted keys are kept for it at 2 other nodes; "
                                 "its clock is off\n"));
  EXPECT_THAT(ran.out, testing::EndsWith(
                           "\n\n"
                           "NODE  COPIES                   DELETED  DISK FREE        OF    RESERVE  "
                           "LAST SCRUB                     FINDINGS\n"
                           "n1:1  7 differ, 8 min so far         5    1.0 GiB  10.0 GiB  256.0 MiB  "
                           "Fri, 20 Nov 2026 10:15:00 GMT         2\n"
                           "n2:1  4 lack one, 61 s so far       10    2.0 GiB  20.0 GiB  256.0 MiB  "
                           "-                                     -\n"
                           "n3:1  -                             15    3.0 GiB  30.0 GiB  256.0 MiB  "
                           "-                                     -\n"
                           "\n"
                           "lately, as this node saw it:\n"
                           "Fri, 20 Nov 2026 10:15:00 GMT  WARN member.silent node=n3:1\n"))
      << ran.out;
}

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
  EXPECT_EQ(play.server.heard(1)[0].requestLine(),
            "POST /_mydht/actions/remove?node=b%3A1&force=1&dry-run=1 HTTP/1.1");
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

TEST(Keys, AreEncodedSoThatTheNodeReadsTheSameBytes) {
  const std::string done = "HTTP/1.1 204 No Content\r\n\r\n";
  Play play({answers(done), answers(done), answers(done)});
  expectOutput(play.run({"del", "some/key"}), "DEL OK some/key\n");
  expectOutput(play.run({"del", "a b?c#d%e\xff"}), "DEL OK a b?c#d%e\xff\n");
  expectOutput(play.run({"del", "../x"}), "DEL OK ../x\n");
  const auto heard = play.server.heard(3);
  EXPECT_EQ(heard[0].requestLine(), "DELETE /some/key HTTP/1.1");
  EXPECT_EQ(heard[1].requestLine(), "DELETE /a%20b%3Fc%23d%25e%FF HTTP/1.1");
  EXPECT_EQ(heard[2].requestLine(), "DELETE /_mydht/value?key=..%2Fx HTTP/1.1");
}

TEST(Keys, ThatCannotBeAreRefusedBeforeAnybodyIsAsked) {
  Play play({});
  const Ran tooLong = play.run({"get", std::string(2049, 'k')});
  EXPECT_EQ(tooLong.exit, 1);
  EXPECT_EQ(tooLong.out, "");
  EXPECT_THAT(tooLong.err, HasSubstr("2048"));
  const Ran reserved = play.run({"put", "_mydht/x", "-val", "v"});
  EXPECT_EQ(reserved.exit, 1);
  EXPECT_THAT(reserved.err, HasSubstr("_mydht/"));
  EXPECT_EQ(play.server.connections(), 0);
}

TEST(Refusals, ArePassedOnInOneLine) {
  Play play({answers(problemAnswer(403, R"({"title":"Forbidden","status":403,"detail":"use --secret-file"})")),
             answers(problemAnswer(503, R"({"title":"Service Unavailable","status":503,"detail":"too few home nodes",)"
                                        R"("outcome":"not-done","nodes":["b:50141","c:50142"]})")),
             answers(problemAnswer(400, "{\"title\":\"Bad\",\"status\":400,\"detail\":\"a\\nb\\u001b[2J\"}")),
             answers(answerOf(500, "<html>oops</html>")), answers(problemAnswer(400, "no json at all"))});
  expectError(play.run({"get", "k"}), "Forbidden: use --secret-file\n");
  expectError(play.run({"put", "k", "-val", "v"}),
              "Service Unavailable: too few home nodes (missing: b:50141, c:50142)\n");
  expectError(play.run({"get", "k"}), "Bad: a b [2J\n");
  expectError(play.run({"get", "k"}), play.server.address() + " answered 500 Internal Server Error\n");
  expectError(play.run({"get", "k"}), play.server.address() + " answered 400 Bad Request\n");
}

TEST(Answers, ThatAreNotOursAreRefused) {
  Play play({{.answer = "SSH-2.0-OpenSSH_9.2\r\n", .closes = true},
             answers(answerOf(200, "{}")),
             answers(answerOf(200, "not json")),
             answers(answerOf(204, ""))});
  const Ran notHttp = play.run({"get", "k"});
  EXPECT_EQ(notHttp.exit, 1);
  EXPECT_THAT(notHttp.err, StartsWith("no answer from " + play.server.address() + ": not HTTP"));
  for (const char* command : {"haskey", "whereis"}) {
    const Ran ran = play.run({command, "k"});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, StartsWith("the node's answer: "));
  }
}

std::string actionJson(bool over, const std::string& problem = "") {
  protocol::ActionStatus status;
  status.run = 0x71;
  status.action = "purge";
  status.over = over;
  status.nodes = {{"b:50141", over ? "over" : "running", problem}};
  status.sent = 2;
  status.dropped = 5;
  status.droppedBytes = 600;
  status.kept = 1;
  status.keptBytes = 70;
  return protocol::toJson(status);
}

TEST(Balance, IsBegunAndPrintsBalanceOk) {
  Play play({answers(answerOf(202, actionJson(false)))});
  expectOutput(play.run({"-c", "balance"}), "BALANCE ok\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "POST /_mydht/actions/balance HTTP/1.1");
}

TEST(Balance, WaitsUntilItIsOver) {
  Play play({answers(answerOf(202, actionJson(false))), answers(answerOf(200, actionJson(false))),
             answers(answerOf(200, actionJson(true)))});
  expectOutput(play.run({"-c", "balance", "-k", "b:50141", "--wait"}), "BALANCE ok\n");
  const auto heard = play.server.heard(3);
  EXPECT_EQ(heard[0].requestLine(), "POST /_mydht/actions/balance?node=b%3A50141 HTTP/1.1");
  EXPECT_EQ(heard[2].requestLine(), "GET /_mydht/actions?run=0000000000000071 HTTP/1.1");
}

TEST(Purge, PrintsPurgeOkAndCountsFirstInADryRun) {
  Play play({answers(answerOf(202, actionJson(false)))});
  expectOutput(play.run({"-c", "purge"}), "PURGE ok\n");
  EXPECT_EQ(play.server.heard(1)[0].requestLine(), "POST /_mydht/actions/purge HTTP/1.1");
  Play dry({answers(answerOf(202, actionJson(false))), answers(answerOf(200, actionJson(true)))});
  expectOutput(dry.run({"purge", "b:50141", "--dry-run"}),
               "would drop 5 entries, 600 bytes\nwould first send 2 of them to home nodes that lack them\n"
               "would keep 1 entries, 70 bytes, that too few home nodes hold\nPURGE ok\n");
  EXPECT_EQ(dry.server.heard(1)[0].requestLine(), "POST /_mydht/actions/purge?node=b%3A50141&dry-run=1 HTTP/1.1");
}

TEST(Purge, ThatCouldNotDoAllSaysWhyAndFails) {
  Play play({answers(answerOf(202, actionJson(true, "c:50142 did not answer lately")))});
  expectError(play.run({"purge", "--wait"}),
              "purge is over, but not everything was done: b:50141: c:50142 did not answer lately\n");
}

TEST(Usage, IsPrintedBehindOneLineWithStatus2) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"-c", "frobnicate"},
                                                {"-c", "get"},
                                                {"put", "k", "-val", "v", "-f", "f"},
                                                {"get", "k", "-p", "many"}}) {
    const Ran ran = runClient(words);
    EXPECT_EQ(ran.exit, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("\nusage: mydhtclient "));
    EXPECT_EQ(ran.err.find("usage:"), ran.err.find('\n') + 1);
  }
}

TEST(Usage, IsOnStandardOutputWhenAskedFor) {
  const Ran help = runClient({"--help"});
  EXPECT_EQ(help.exit, 0);
  EXPECT_EQ(help.err, "");
  EXPECT_THAT(help.out, StartsWith("usage: mydhtclient "));
  EXPECT_THAT(help.out, HasSubstr("-h, --host"));
  const Ran version = runClient({"--version"});
  EXPECT_EQ(version.exit, 0);
  EXPECT_THAT(version.out, testing::MatchesRegex("mydhtclient [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(KeysFromStandardInput, AreTakenOneALineOneAfterAnother) {
  const std::string done = "HTTP/1.1 204 No Content\r\n\r\n";
  const std::string missing = problemAnswer(404, R"({"title":"Not Found","status":404,"detail":"no such key"})");
  Play play({answers(done), answers(missing), answers(done)});
  const Ran ran = play.run({"del", "-k", "-"}, "a\n\nno such\nlast");
  EXPECT_EQ(ran.out, "DEL OK a\nDEL OK last\n");
  EXPECT_EQ(ran.err, "no such: ERR_VALUE_NOT_FOUND\n");
  EXPECT_EQ(ran.exit, 1);
  const auto heard = play.server.heard(3);
  EXPECT_EQ(heard[1].requestLine(), "DELETE /no%20such HTTP/1.1");
  EXPECT_EQ(play.server.connections(), 1);
}

TEST(KeysFromStandardInput, MayHoldLineEndsIfEachEndsWithANul) {
  Play play({answers(valueAnswer("1")), answers(valueAnswer("2"))});
  expectOutput(play.run({"get", "-", "-0"}, std::string("a\nb\0c\0", 6)), "1\n2\n");
  EXPECT_EQ(play.server.heard(2)[0].requestLine(), "GET /a%0Ab HTTP/1.1");
}

TEST(KeysFromStandardInput, AreCheckedEachForItself) {
  Play play({answers(valueAnswer("v"))});
  const Ran ran = play.run({"get", "-k", "-"}, std::string(2049, 'k') + "\nk\n");
  EXPECT_EQ(ran.out, "v\n");
  EXPECT_THAT(ran.err, HasSubstr(": a key has 1 to 2048 bytes"));
  EXPECT_EQ(ran.exit, 1);
}

TEST(Json, IsWhatEachCommandPrintsInOneLine) {
  const std::string where = protocol::toJson(protocol::WhereIs{.key = "k", .partition = 7, .nodes = {"a:1"}});
  const std::string has = protocol::toJson(protocol::HasKey{.key = "k", .sha256 = ""});
  Play play({answers(answerOf(201, "", "Mydht-Copies: 2/3\r\n")), answers(valueAnswer("v\"")),
             answers(valueAnswer("\xff")), answers("HTTP/1.1 204 No Content\r\n\r\n"), answers(answerOf(200, where)),
             answers(answerOf(200, has))});
  const std::string key = R"({"key":"k","text":"k","url":"/k",)";
  expectOutput(play.run({"put", "k", "v", "--json"}), key + R"("created":true,"copies":"2/3"})" + "\n");
  expectOutput(play.run({"get", "k", "--json"}),
               key + R"("size":2,"sha256":")" + hexOf(sha256Of("v\"")) + R"(","value":"v\""})" + "\n");
  expectOutput(play.run({"get", "k", "--json"}),
               key + R"("size":1,"sha256":")" + hexOf(sha256Of("\xff")) + R"(","base64":"/w=="})" + "\n");
  expectOutput(play.run({"del", "k", "--json"}), key + R"("deleted":true})" + "\n");
  expectOutput(play.run({"whereis", "k", "--json"}), where + "\n");
  expectOutput(play.run({"haskey", "k", "--json"}), has + "\n");
}

TEST(Json, TellsErrorsTooOnStandardError) {
  const std::string missing = problemAnswer(404, R"({"title":"Not Found","status":404,"detail":"no such key"})");
  Play play({answers(missing), answers(missing)});
  expectError(play.run({"get", "k", "--json"}), R"({"error":"ERR_VALUE_NOT_FOUND","kind":"not-found"})"
                                                "\n");
  expectError(play.run({"get", "-k", "-", "--json"}, "k"),
              R"({"key":"k","text":"k","url":"/k","error":"ERR_VALUE_NOT_FOUND","kind":"not-found"})"
              "\n");
  expectError(play.run({"get", "--json"}),
              R"({"error":"get needs a key: -k KEY","kind":"bad-request"})"
              "\n",
              2);
  expectError(runClient({"get", "k", "--json", "--nonsense"}),
              R"({"error":"The following argument was not expected: --nonsense","kind":"bad-request"})"
              "\n",
              2);
}

TEST(Consistency, IsAskedForInTheQuery) {
  Play play({answers(answerOf(201, "")), answers(valueAnswer("v")), answers("HTTP/1.1 204 No Content\r\n\r\n")});
  expectOutput(play.run({"put", "k", "v", "--consistency", "all"}), "PUT OK k\n");
  expectOutput(play.run({"get", "../k", "--consistency", "one"}), "v\n");
  expectOutput(play.run({"del", "k", "--consistency=quorum"}), "DEL OK k\n");
  const auto heard = play.server.heard(3);
  EXPECT_EQ(heard[0].requestLine(), "PUT /k?consistency=all HTTP/1.1");
  EXPECT_EQ(heard[1].requestLine(), "GET /_mydht/value?key=..%2Fk&consistency=one HTTP/1.1");
  EXPECT_EQ(heard[2].requestLine(), "DELETE /k HTTP/1.1");
}

TEST(Quiet, LeavesOutWhatWasNotAskedFor) {
  Play play({answers(answerOf(201, "")), answers("HTTP/1.1 204 No Content\r\n\r\n"), answers(valueAnswer("v"))});
  expectOutput(play.run({"put", "k", "v", "--quiet"}), "");
  expectOutput(play.run({"del", "k", "-q"}), "");
  expectOutput(play.run({"get", "k", "-q"}), "v\n");
}

TEST(Environment, NamesTheNode) {
  ScriptedServer server({answers(valueAnswer("v"))});
  const Ran ran =
      runClient({"get", "k"}, "", {{"MYDHT_HOST", "127.0.0.1"}, {"MYDHT_PORT", std::to_string(server.port())}});
  expectOutput(ran, "v\n");
}

}  // namespace
}  // namespace mydht::client
