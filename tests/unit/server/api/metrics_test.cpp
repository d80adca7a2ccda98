// Proves that promtool, Prometheus' own checker, finds nothing to say about the metrics of a node, that every row has a
// sample there, and that what was counted is what was done. A ring of one node answers over loopback; process and disk
// are made up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "server/api/metrics.h"
#include "server/metrics/rows.h"
#include "tests/support/files/temp_directory.h"
#include "tests/unit/server/api/world.h"

namespace mydht::api {
namespace {

using support::get;
using support::put;
using ::testing::HasSubstr;
using testing::World;

std::string contentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Metrics, ArePrintedAsPromtoolWantsThemAndNoRowIsLeftOut) {
  World world;
  put(world.port(), "/k", "value");
  const auto answer = get(world.port(), "/_mydht/metrics");
  EXPECT_EQ(answer.field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const metrics::Row& row : metrics::rows()) {
    EXPECT_THAT(answer.body, HasSubstr("# TYPE " + std::string(row.name) + " ")) << "nobody fills this row";
  }
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/metrics";
  std::ofstream(path) << answer.body;
  const std::string command = "promtool check metrics < " + path + " > " + path + ".found 2>&1";
  const int status = std::system(command.c_str());
  EXPECT_EQ(status, 0) << "(promtool is in Debian's package prometheus) " << contentOf(path + ".found");
  EXPECT_EQ(contentOf(path + ".found"), "");
}

TEST(Metrics, CountWhatWasDone) {
  World world;
  put(world.port(), "/k", "value");
  get(world.port(), "/k");
  get(world.port(), "/k");
  get(world.port(), "/none");
  const std::string text = get(world.port(), "/_mydht/metrics").body;
  EXPECT_THAT(text, HasSubstr("mydht_http_requests_total{method=\"PUT\",code=\"2xx\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("mydht_http_requests_total{method=\"GET\",code=\"2xx\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("mydht_http_requests_total{method=\"GET\",code=\"4xx\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("mydht_http_requests_total{method=\"DELETE\",code=\"2xx\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("mydht_http_request_duration_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("mydht_keys 1\n"));
  EXPECT_THAT(text, HasSubstr("mydht_stored_bytes 5\n"));
  EXPECT_THAT(text, HasSubstr("mydht_ring_members{state=\"active\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("mydht_ring_members_liveness{liveness=\"down\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("mydht_serving 1\n"));
  EXPECT_THAT(text, HasSubstr("mydht_build_info{version=\"0.1.0\"} 1\n"));
}

}  // namespace
}  // namespace mydht::api
