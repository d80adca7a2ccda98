// Proves what the metrics' rows promise (names by Prometheus' conventions, each once), how samples are printed, that a
// duration is counted where it belongs, that the dashboard names only metrics that there are, and how traffic is cut
// into steps. That promtool takes all of it is tests/unit/server/api/metrics_test.cpp's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "server/metrics/exposition.h"
#include "server/metrics/traffic.h"

namespace mydht::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Rows, HaveNamesByPrometheusConventionsEachOnce) {
  std::set<std::string_view> names;
  const std::regex form("(mydht|process)(_[a-z0-9]+)+");
  for (const Row& row : rows()) {
    EXPECT_EQ(&rowOf(row.metric), &row) << row.name << " is not where the enumeration says";
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " is there twice";
    EXPECT_TRUE(std::regex_match(std::string(row.name), form)) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == Kind::Counter) << row.name;
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
  }
}

TEST(Rows, AreAllThatTheDashboardNames) {
  std::ifstream file(MYDHT_SOURCE_FOLDER "/packaging/grafana/mydht.json");
  const std::string dashboard(std::istreambuf_iterator<char>(file), {});
  std::set<std::string> known;
  for (const Row& row : rows()) {
    known.emplace(row.name);
    if (row.kind != Kind::Histogram) continue;
    for (const char* suffix : {"_bucket", "_sum", "_count"}) known.insert(std::string(row.name) + suffix);
  }
  const std::regex name("\\b(mydht|process)_[a-z0-9_]+");
  std::set<std::string> shown;
  for (std::sregex_iterator at(dashboard.begin(), dashboard.end(), name), end; at != end; ++at) shown.insert(at->str());
  EXPECT_GT(shown.size(), 15U) << "the dashboard was not found, or shows next to nothing";
  for (const std::string& metric : shown) EXPECT_TRUE(known.contains(metric)) << metric << " does not exist";
}

TEST(Exposition, PrintsSamplesBehindTheirHelpInTheOrderOfTheRows) {
  Exposition out;
  out.add(Metric::Keys, std::uint64_t{18446744073709551615U});
  out.add(Metric::BuildInfo, std::uint64_t{1}, {{"version", "a\"b\\c\nd"}, {"x", ""}});
  out.addReal(Metric::ClockOffset, -0.25);
  EXPECT_EQ(out.text(),
            "# HELP mydht_build_info Always 1; its labels say which program this is.\n"
            "# TYPE mydht_build_info gauge\n"
            "mydht_build_info{version=\"a\\\"b\\\\c\\nd\",x=\"\"} 1\n"
            "# HELP mydht_keys Live keys that lie on this node.\n"
            "# TYPE mydht_keys gauge\n"
            "mydht_keys 18446744073709551615\n"
            "# HELP mydht_clock_offset_seconds The median of the members' clocks less this node's.\n"
            "# TYPE mydht_clock_offset_seconds gauge\n"
            "mydht_clock_offset_seconds -0.25\n");
  EXPECT_EQ(Exposition().text(), "");
}

TEST(Exposition, ADurationIsInItsBucketAndInAllWiderOnes) {
  DurationHistogram histogram;
  histogram.add(0);
  histogram.add(500'000);
  histogram.add(500'001);
  histogram.add(20'000'000'000);
  DurationValues values;
  histogram.addTo(values);
  histogram.addTo(values);
  EXPECT_EQ(values.count(), 8U);
  Exposition out;
  out.add(Metric::HttpRequestDuration, values);
  const std::string text = out.text();
  EXPECT_THAT(text, HasSubstr("# TYPE mydht_http_request_duration_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"0.0005\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"0.001\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"10\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"+Inf\"} 8\n"));
  EXPECT_THAT(text, HasSubstr("_sum 40.002000002\n"));
  EXPECT_THAT(text, HasSubstr("_count 8\n"));
}

TEST(TrafficHistory, HasWhatWasDoneInEachStepThatHasEnded) {
  TrafficHistory history;
  history.sample(1003, {100, 1000, 10});
  EXPECT_THAT(history.steps(), IsEmpty());
  history.sample(1004, {101, 1001, 11});
  EXPECT_THAT(history.steps(), IsEmpty()) << "the step is still under way";
  history.sample(1005, {110, 1100, 20});
  EXPECT_THAT(history.steps(), ElementsAre(TrafficTotals{10, 100, 10}));
  history.sample(1016, {111, 1100, 20});
  EXPECT_THAT(history.steps(), ElementsAre(TrafficTotals{10, 100, 10}, TrafficTotals{1, 0, 0}, TrafficTotals{}))
      << "nobody looked for a whole step";
}

TEST(TrafficHistory, KeepsFiveMinutes) {
  TrafficHistory history;
  for (std::uint64_t second = 0; second <= 1000; ++second) history.sample(second, {second, 0, 0});
  EXPECT_EQ(history.steps().size(), TrafficHistory::kSteps);
  EXPECT_EQ(history.steps().front().requests, TrafficHistory::kSecondsPerStep);
  history.sample(1'000'000, {2000, 0, 0});
  EXPECT_EQ(history.steps().size(), TrafficHistory::kSteps);
  EXPECT_EQ(history.steps().back(), TrafficTotals());
}

}  // namespace
}  // namespace mydht::metrics
