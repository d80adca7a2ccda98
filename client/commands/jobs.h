#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/commands/listing.h"
#include "client/nodes.h"
#include "client/progress.h"
#include "common/protocol/shapes.h"
#include "common/result/result.h"

namespace mydht::client::commands {

/// One file to move.
struct Job {
  std::string key;
  std::string name;                             ///< of the file, relative to its folder
  std::uint64_t size = 0;                       ///< as far as it is known
  bool isName = false;                          ///< the value is not the file but its key, as a string
  std::optional<protocol::ListedKey> stored{};  ///< what the ring holds under the key, if that is known
};

/// Where jobs come from, one after another; never all at once in memory if they come from the ring. Owned by a command;
/// one thread at a time.
class JobSource {
 public:
  virtual ~JobSource() = default;
  /// The next one, nothing at the end. After an error there are no more.
  virtual Result<std::optional<Job>> next() = 0;
};

/// Jobs that are known beforehand, each with what the ring holds under its key: found by pages of the listing, as few
/// as can be, since both are in the same order.
class KnownJobs final : public JobSource {
 public:
  KnownJobs(Nodes nodes, std::vector<Job> jobs, Progress& progress);

  Result<std::optional<Job>> next() override;

  /// Why nothing could be compared with what is stored; empty if it could.
  const std::string& trouble() const { return trouble_; }

 private:
  Status reach(const std::string& key);
  std::optional<protocol::ListedKey> find(const std::string& key);

  Nodes nodes_;
  std::vector<Job> jobs_;
  std::size_t next_ = 0;
  protocol::Listing page_;
  bool covered_ = false;  ///< page_ says all that there is behind what was asked, up to its `next`
  std::string trouble_;
};

/// A job for each key of the ring with a prefix, named by what is behind it.
class ListedJobs final : public JobSource {
 public:
  ListedJobs(Nodes nodes, Range range, Progress& progress);

  Result<std::optional<Job>> next() override;

 private:
  Status readPage();

  Nodes nodes_;
  Range range_;
  Progress& progress_;
  std::vector<protocol::ListedKey> page_;
  std::size_t at_ = 0;
  bool over_ = false;
};

/// The greatest key that is less than this one, but for keys that nobody has (a row of 0xFF bytes): the place in a
/// listing that this key comes next behind. Empty for the least one.
std::string placeBefore(std::string key);

}  // namespace mydht::client::commands
