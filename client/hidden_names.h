#pragma once

#include <string>
#include <string_view>

namespace mydht::client {

/// A hidden name for an unfinished file, unused in all likelihood: `.mydhtclient-0123456789abcdef`.
std::string freshHiddenName();

/// Whether a file's name is one of those: such files come and go by themselves.
bool isHiddenName(std::string_view name);

/// Has a hidden file removed when SIGINT, SIGTERM or SIGHUP ends the process while this lives. Owned by a
/// TemporaryFile, borrows its directory's handle; any thread.
class RemovedBySignal {
 public:
  RemovedBySignal(int directory, std::string_view name);
  RemovedBySignal(const RemovedBySignal&) = delete;
  RemovedBySignal& operator=(const RemovedBySignal&) = delete;
  ~RemovedBySignal();

 private:
  int slot_;  ///< -1: more files at once than a handler looks after; the next sweep does
};

/// Removes the hidden files of a directory whose lock nobody holds: what processes left that were killed. The same
/// directory is not looked through twice in a row. Any thread.
void removeAbandoned(int directory);

}  // namespace mydht::client
