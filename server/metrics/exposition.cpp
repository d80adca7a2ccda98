#include "server/metrics/exposition.h"

#include <fmt/format.h>

#include "common/result/check.h"

namespace mydht::metrics {
namespace {

constexpr double kNanos = 1e9;

std::string_view kindName(Kind kind) {
  switch (kind) {
    case Kind::Counter:
      return "counter";
    case Kind::Gauge:
      return "gauge";
    case Kind::Histogram:
      return "histogram";
  }
  invariantBroken("a known kind of metric", __FILE__, __LINE__);
}

/// A label's value: backslash, quote and line end are escaped.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

std::string seconds(std::uint64_t nanos) {
  return fmt::format("{}", static_cast<double>(nanos) / kNanos);
}

}  // namespace

void Exposition::line(Metric metric, std::string_view suffix, const Labels& labels, std::string_view value) {
  std::string& text = samples_[static_cast<std::size_t>(metric)];
  text += rowOf(metric).name;
  text += suffix;
  std::string_view before = "{";
  for (const auto& [name, content] : labels) {
    text += fmt::format("{}{}=\"{}\"", before, name, escaped(content));
    before = ",";
  }
  if (!labels.empty()) text += '}';
  text += fmt::format(" {}\n", value);
}

void Exposition::add(Metric metric, std::uint64_t value, const Labels& labels) {
  MYDHT_ASSERT(rowOf(metric).kind != Kind::Histogram);
  line(metric, "", labels, std::to_string(value));
}

void Exposition::addReal(Metric metric, double value, const Labels& labels) {
  MYDHT_ASSERT(rowOf(metric).kind != Kind::Histogram);
  line(metric, "", labels, fmt::format("{}", value));
}

void Exposition::add(Metric metric, const DurationValues& values) {
  MYDHT_ASSERT(rowOf(metric).kind == Kind::Histogram);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
    below += values.buckets[i];
    line(metric, "_bucket", {{"le", seconds(kDurationBounds[i])}}, std::to_string(below));
  }
  below += values.buckets.back();
  line(metric, "_bucket", {{"le", "+Inf"}}, std::to_string(below));
  line(metric, "_sum", {}, seconds(values.sumNanos));
  line(metric, "_count", {}, std::to_string(below));
}

std::string Exposition::text() const {
  std::string text;
  for (const Row& row : rows()) {
    const std::string& samples = samples_[static_cast<std::size_t>(row.metric)];
    if (samples.empty()) continue;
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", row.name, row.help, row.name, kindName(row.kind));
    text += samples;
  }
  return text;
}

}  // namespace mydht::metrics
