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
#include "tests/unit/client/play.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

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
