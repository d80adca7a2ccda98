// Proves that with --secret-file every request is signed so that a node can check it, and that the secret itself never
// travels.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "common/protocol/signature.h"
#include "tests/unit/client/client_process.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;

TEST(Secret, SignsEveryRequestAfresh) {
  const TestFolder folder;
  const std::string file = folder.write("secret", " open sesame \nsecond line\n");
  ScriptedServer server({{.answer = answerOf(201, "")}, {.answer = valueAnswer("v")}});
  EXPECT_EQ(runClient({"-h", server.address(), "--secret-file", file, "put", "k", "-val", "v"}).exit, 0);
  EXPECT_EQ(runClient({"-h", server.address(), "--secret-file", file, "get", "k"}).exit, 0);

  const auto heard = server.heard(2);
  std::vector<std::string> nonces;
  for (const Heard& request : heard) {
    const auto signature = protocol::parseSignature(request.field("Authorization"));
    ASSERT_TRUE(signature.has_value()) << request.head;
    const std::string host = request.field("Host");
    const std::string digest = request.field("Repr-Digest");
    const bool isPut = request.requestLine().starts_with("PUT ");
    EXPECT_EQ(isPut, !digest.empty());
    EXPECT_TRUE(protocol::matches(
        "open sesame", {.method = isPut ? "PUT" : "GET", .target = "/k", .host = host, .digest = digest}, *signature));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(now).count() - signature->timeMicros;
    EXPECT_GE(age, 0);
    EXPECT_LT(age, 60'000'000);
    nonces.push_back(signature->nonce);
    EXPECT_EQ(request.head.find("sesame"), std::string::npos);
  }
  EXPECT_NE(nonces[0], nonces[1]);
}

TEST(Secret, IsRefusedBeforeAnybodyIsAskedIfItsFileHoldsNone) {
  const TestFolder folder;
  ScriptedServer server({});
  const Ran missing = runClient({"-h", server.address(), "--secret-file", folder.path("none"), "get", "k"});
  EXPECT_EQ(missing.exit, 1);
  EXPECT_EQ(missing.err, "cannot open secret file " + folder.path("none") + ": No such file or directory\n");
  const Ran empty = runClient({"-h", server.address(), "--secret-file", folder.write("empty", " \n"), "get", "k"});
  EXPECT_EQ(empty.exit, 1);
  EXPECT_THAT(empty.err, HasSubstr("its first line is empty"));
  const Ran directory = runClient({"-h", server.address(), "--secret-file", folder.path("."), "get", "k"});
  EXPECT_EQ(directory.exit, 1);
  EXPECT_THAT(directory.err, HasSubstr("Is a directory"));
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace mydht::client
