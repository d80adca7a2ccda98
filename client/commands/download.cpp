#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "client/commands/commands.h"
#include "client/commands/fetch.h"
#include "client/commands/jobs.h"
#include "client/commands/transfers.h"
#include "client/file_tree.h"
#include "client/folder.h"
#include "client/options.h"
#include "common/hash/sha256.h"
#include "common/result/limits.h"

namespace mydht::client::commands {

namespace {

/// The folders of the example: the files of one are fetched into the other.
constexpr const char* kExampleFrom = "upload";
constexpr const char* kExampleInto = "download";

/// Whether a file holds a value already.
bool holds(const FileHandle& file, const protocol::ListedKey& value) {
  if (::lseek(file.get(), 0, SEEK_END) != static_cast<off_t>(value.size)) return false;
  Sha256 sha256;
  std::array<char, limits::kChunkBytes> buffer;
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(file.get(), buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;  // then it is fetched
    if (got == 0) return hexOf(sha256.finish()) == value.sha256;
    sha256.update({buffer.data(), static_cast<std::size_t>(got)});
    at += got;
  }
}

Result<Transfers::Outcome> fetch(const Job& job, const Folder& folder, protocol::Consistency consistency, Nodes& nodes,
                                 Progress& progress) {
  if (const Status fine = checkFileName(job.name); !fine) return fine.error();
  if (job.stored) {
    const auto file = folder.open(job.name);
    if (file && holds(*file, *job.stored)) {
      progress.add(job.stored->size);
      return Transfers::Outcome{.bytes = job.stored->size, .equal = true};
    }
  }
  const auto output = folder.output(job.name);
  if (!output) return output.error();
  const auto fetched = fetchValue(nodes, job.key, consistency, **output, progress);
  if (!fetched) return fetched.error();
  return Transfers::Outcome{.bytes = fetched->size};
}

Status run(const Options& options, Transfers& transfers, JobSource& jobs, const std::string& path) {
  const auto folder = Folder::make(path);
  if (!folder) return folder.error();
  transfers.run(jobs, [&](const Job& job, Nodes& mine) {
    return fetch(job, *folder, options.consistency, mine, transfers.progress());
  });
  return transfers.finish("DOWNLOAD", "fetched", "");
}

/// As the original did: the names of the files of one folder are the keys to fetch into the other.
Status fetchExample(const Options& options, Transfers& transfers, Nodes& nodes) {
  const auto tree = filesBelow(kExampleFrom);
  if (!tree) return Error{tree.error().kind, tree.error().text + "; to fetch other keys give PREFIX and DIR"};
  std::vector<Job> wanted;
  for (const TreeFile& file : tree->files) wanted.push_back({.key = file.name, .name = file.name});
  KnownJobs jobs(nodes.another(0), std::move(wanted), transfers.progress());
  return run(options, transfers, jobs, kExampleInto);
}

}  // namespace

Status download(const Options& options, Nodes& nodes) {
  Transfers transfers(options, nodes);
  if (!options.folder) return fetchExample(options, transfers, nodes);
  ListedJobs jobs(nodes.another(0), {.prefix = options.key, .consistency = options.consistency}, transfers.progress());
  return run(options, transfers, jobs, *options.folder);
}

}  // namespace mydht::client::commands
