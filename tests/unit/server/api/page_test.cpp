// Proves what the status page is made of: facts that show without a script, a state that the script reads, a policy
// that lets nothing else act, and an icon; and that no key and no name can act in it. A ring of one node on a simulated
// disk answers over loopback; what the script does with it is proved in tests/browser.
#include "server/api/page.h"

#include <gtest/gtest.h>

#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::get;
using support::put;
using testing::World;

protocol::RingStatus hostileRing() {
  protocol::RingStatus ring;
  ring.selfName = "<script>alert(1)</script>";
  ring.trouble = "\"><img src=x onerror=alert(2)>";
  protocol::NodeStatus member;
  member.id = 1;
  member.name = "javascript:alert(3)//\"><b>";
  member.zone = "<i>";
  member.lastCallOk = false;
  member.lastError = "<u>";
  ring.members = {member};
  ring.firstKeys = {"<script>alert(4)</script>", "\"'onmouseover=alert(5)", "a\nb", "</script><b>"};
  return ring;
}

std::size_t countOf(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Page, ShowsTheRingAndLinksItsKeysWithoutAScript) {
  World world;
  put(world.port(), "/a%20b", "value");
  const auto answer = get(world.port(), "/");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(answer.body.find("<a href=\"/a%20b\">a b</a>"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("1/3"), std::string::npos);
}

TEST(Page, MayRunItsOwnScriptAndNothingElse) {
  World world;
  const std::string policy = get(world.port(), "/").field("Content-Security-Policy");
  for (const std::string_view rule : {"default-src 'none'", "script-src 'sha256-", "style-src 'sha256-",
                                      "connect-src 'self'", "require-trusted-types-for 'script'", "base-uri 'none'"}) {
    EXPECT_NE(policy.find(rule), std::string::npos) << rule;
  }
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST(Page, LetsNoKeyAndNoNameActInIt) {
  const std::string plain = plainPageOf(hostileRing());
  for (const std::string_view bad :
       {"<script", "</script", "<img", "<b>", "<i>", "<u>", "href=\"javascript", "'onmouse"}) {
    EXPECT_EQ(plain.find(bad), std::string::npos) << bad;
  }
  EXPECT_NE(plain.find("a%0Ab</a>"), std::string::npos);
}

TEST(Page, CarriesTheStateAsDataThatCannotEndItsElement) {
  const std::string clean = pageOf({}, "");
  const std::string page = pageOf(hostileRing(), "no <b>\"writing");
  for (const std::string_view tag : {"<script", "</script", "<img", "<i>", "<u>"}) {
    EXPECT_EQ(countOf(page, tag), countOf(clean, tag)) << tag;
  }
  EXPECT_NE(page.find("name=\"read-only\" content=\"no &lt;b&gt;&quot;writing\""), std::string::npos);
}

TEST(Icon, IsTheStoredOneIfThereIsOne) {
  World world;
  const auto builtIn = get(world.port(), "/_mydht/icon");
  EXPECT_EQ(builtIn.status, 200);
  EXPECT_EQ(builtIn.field("Content-Type"), "image/svg+xml");
  EXPECT_TRUE(builtIn.body.starts_with("<svg")) << builtIn.body;
  put(world.port(), "/favicon.ico", "an icon");
  const auto stored = get(world.port(), "/_mydht/icon");
  EXPECT_EQ(stored.status, 302);
  EXPECT_EQ(stored.field("Location"), "/favicon.ico");
}

}  // namespace
}  // namespace mydht::api
