#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/commands/jobs.h"
#include "client/nodes.h"
#include "client/options.h"
#include "client/progress.h"
#include "common/result/result.h"

namespace mydht::client::commands {

/// Many files on their way, several at a time, and what became of them. What fails for one does not stop the others;
/// only when everything fails it gives up. Owned by a command, borrows options and nodes.
class Transfers {
 public:
  /// What became of a job that did not fail.
  struct Outcome {
    std::uint64_t bytes = 0;
    bool equal = false;  ///< it was there already
  };
  /// Does one job, in any thread, by the nodes of that thread.
  using Work = std::function<Result<Outcome>(const Job& job, Nodes& nodes)>;

  Transfers(const Options& options, const Nodes& nodes);

  /// What whoever works tells of the bytes of its jobs.
  Progress& progress() { return *progress_; }

  /// Counts one as failed without trying it.
  void refuse(const std::string& key, const Error& error);

  /// Does all jobs of a source, in options.jobs threads.
  void run(JobSource& source, const Work& work);

  /// Prints the list of what failed to standard error and, if nothing did, the summary: `UPLOAD OK 3 stored, 1 equal,
  /// 2.4 MiB`. `name`: UPLOAD; `moved`: stored; `remark`: what else there is to know, or "".
  Status finish(std::string_view name, std::string_view moved, std::string_view remark);

 private:
  std::optional<Job> take(JobSource& source);
  void note(const Job& job, const Result<Outcome>& outcome);
  void keep(const std::string& key, const Error& error);

  const Options& options_;
  const Nodes& nodes_;
  std::optional<Progress> progress_;

  std::mutex taking_;  ///< held by who takes a job
  std::mutex noting_;  ///< guards what follows
  std::uint64_t moved_ = 0;
  std::uint64_t equal_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t bytes_ = 0;
  unsigned failedInARow_ = 0;
  bool gaveUp_ = false;
  std::optional<Error> sourceFailed_;
  std::vector<std::pair<std::string, Error>> failures_;
};

}  // namespace mydht::client::commands
