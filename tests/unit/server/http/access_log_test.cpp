// Proves the access log's line: Apache's combined format, and one line whatever a client sent.
#include "server/http/access_log.h"

#include <gtest/gtest.h>

#include "common/http/head.h"

namespace mydht::http {
namespace {

constexpr std::int64_t kWhen = 1'795'162'504'123'456;  // Fri, 20 Nov 2026 08:15:04 GMT
const Remote kRemote{"192.0.2.7", "192.0.2.7", false};

std::string lineOf(const std::string& head, int status, std::optional<std::uint64_t> bytes) {
  RequestHead parsed;
  EXPECT_TRUE(parseRequestHead(head, parsed).done());
  return combinedLine({kRemote, &parsed, status, bytes, {}}, kWhen);
}

TEST(CombinedLine, HasWhatApachesHas) {
  EXPECT_EQ(
      lineOf("GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nReferer: http://h/\r\nUser-Agent: curl/7.88\r\n\r\n", 200, 5),
      "192.0.2.7 - - [20/Nov/2026:08:15:04 +0000] \"GET /a%20b?x=1 HTTP/1.1\" 200 5 \"http://h/\" \"curl/7.88\"\n");
  EXPECT_EQ(lineOf("PUT /k HTTP/1.0\r\nContent-Length: 0\r\n\r\n", 204, 0),
            "192.0.2.7 - - [20/Nov/2026:08:15:04 +0000] \"PUT /k HTTP/1.0\" 204 - \"-\" \"-\"\n");
  EXPECT_EQ(combinedLine({kRemote, nullptr, 400, std::nullopt, {}}, kWhen),
            "192.0.2.7 - - [20/Nov/2026:08:15:04 +0000] \"-\" 400 - \"-\" \"-\"\n");
}

TEST(CombinedLine, StaysOneLineOfItsFieldsWhateverAClientSends) {
  const std::string line = lineOf("GET /\"k\\ HTTP/1.1\r\nHost: h\r\nUser-Agent: a\"b\\c\td\xc3\xa4\r\n\r\n", 404, 3);
  EXPECT_EQ(line,
            "192.0.2.7 - - [20/Nov/2026:08:15:04 +0000] \"GET /\\\"k\\\\ HTTP/1.1\" 404 3 \"-\" "
            "\"a\\\"b\\\\c\\x09d\\xc3\\xa4\"\n");
  const std::string longest = "GET /" + std::string(8000, '\\') +
                              " HTTP/1.1\r\nHost: h\r\nReferer: " + std::string(8000, '"') +
                              "\r\nUser-Agent: " + std::string(8000, '\xff') + "\r\n\r\n";
  EXPECT_LT(lineOf(longest, 200, 1).size(), 4096U) << "what one write to a pipe takes whole";
}

}  // namespace
}  // namespace mydht::http
