#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/metrics/histogram.h"
#include "server/metrics/rows.h"

namespace mydht::metrics {

/// Metrics in Prometheus' text format (version 0.0.4): samples go in in any order, the text comes out by the order of
/// the rows; a row without a sample is left out. A plain value; one thread.
class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;
  static constexpr std::string_view kType = "text/plain; version=0.0.4; charset=utf-8";

  Exposition() : samples_(rows().size()) {}

  void add(Metric metric, std::uint64_t value, const Labels& labels = {});
  void addReal(Metric metric, double value, const Labels& labels = {});
  void add(Metric metric, const DurationValues& values);

  std::string text() const;

 private:
  void line(Metric metric, std::string_view suffix, const Labels& labels, std::string_view value);

  std::vector<std::string> samples_;  // by row
};

}  // namespace mydht::metrics
