#include "client/commands/transfers.h"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "client/one_line.h"
#include "client/progress_line.h"
#include "client/report.h"

namespace mydht::client::commands {

namespace {

/// When so many fail in a row because nobody answers, the next million will too.
constexpr unsigned kGivesUpAfter = 20;

/// So many failures are listed; beyond that the count says it.
constexpr std::size_t kListed = 10'000;

/// Whether the ring, not the file, is the reason.
bool isOutage(const Error& error) {
  return error.kind == Kind::NotDone || error.kind == Kind::Unavailable || error.kind == Kind::Unknown;
}

}  // namespace

Transfers::Transfers(const Options& options, const Nodes& nodes) : options_(options), nodes_(nodes) {
  progress_.emplace(!options.quiet && !options.json, Progress::About::Files);
}

void Transfers::refuse(const std::string& key, const Error& error) {
  const std::lock_guard lock(noting_);
  ++failed_;
  keep(key, error);
}

void Transfers::run(JobSource& source, const Work& work) {
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options_.jobs; ++i) {
    threads.emplace_back([this, i, &source, &work] {
      Nodes nodes = nodes_.another(i);
      while (const auto job = take(source)) note(*job, work(*job, nodes));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::optional<Job> Transfers::take(JobSource& source) {
  const std::lock_guard taking(taking_);
  {
    const std::lock_guard lock(noting_);
    if (gaveUp_ || sourceFailed_) return std::nullopt;
  }
  auto job = source.next();
  if (job) return std::move(*job);
  const std::lock_guard lock(noting_);
  sourceFailed_ = job.error();
  return std::nullopt;
}

void Transfers::note(const Job& job, const Result<Outcome>& outcome) {
  progress_->addFile();
  const std::lock_guard lock(noting_);
  if (outcome) {
    ++(outcome->equal ? equal_ : moved_);
    if (!outcome->equal) bytes_ += outcome->bytes;
    failedInARow_ = 0;
    return;
  }
  ++failed_;
  keep(job.key, outcome.error());
  failedInARow_ = isOutage(outcome.error()) ? failedInARow_ + 1 : 0;
  if (failedInARow_ >= kGivesUpAfter) gaveUp_ = true;
}

void Transfers::keep(const std::string& key, const Error& error) {
  if (failures_.size() < kListed) failures_.emplace_back(key, error);
}

Status Transfers::finish(std::string_view name, std::string_view moved, std::string_view remark) {
  progress_.reset();
  std::sort(failures_.begin(), failures_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, error] : failures_) reportError(options_, error, key);
  const std::string counts = fmt::format("{} {}, {} equal", moved_, moved, equal_);
  const std::string note = remark.empty() ? "" : fmt::format(" ({})", oneLine(remark));
  if (sourceFailed_) {
    return sourceFailed_->within(fmt::format("broke off after {}, {} failed", counts, failed_));
  }
  if (failed_ > 0) {
    const char* rest = gaveUp_ ? "; nobody answers, the rest was not tried" : "";
    return Error{failures_.front().second.kind, fmt::format("{} failed, {}{}{}", failed_, counts, rest, note)};
  }
  protocol::JsonWriter json;
  json.beginObject().number(moved, moved_).number("equal", equal_).number("bytes", bytes_);
  if (!remark.empty()) json.text("remark", remark);
  return printDone(options_, fmt::format("{} OK {}, {}{}", name, counts, sizeText(bytes_), note), json);
}

}  // namespace mydht::client::commands
