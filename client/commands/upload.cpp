#include <fmt/core.h>

#include <string>
#include <vector>

#include "client/body.h"
#include "client/commands/commands.h"
#include "client/commands/jobs.h"
#include "client/commands/transfers.h"
#include "client/commands/value_requests.h"
#include "client/file_tree.h"
#include "client/options.h"
#include "common/hash/sha256.h"
#include "common/protocol/key_rules.h"

namespace mydht::client::commands {

namespace {

/// The folder of the example.
constexpr std::string_view kExample = "upload";

std::string_view lastPart(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

/// The original stored the names too, of all files in its folder.
bool storesNames(const Options& options, const std::string& folder) {
  return options.names || (options.key.empty() && lastPart(folder) == kExample);
}

/// The values to store, and what cannot be.
std::vector<Job> jobsOf(const Options& options, const std::string& folder, const FileTree& tree, Transfers& transfers) {
  const bool names = storesNames(options, folder);
  std::vector<Job> jobs;
  const auto add = [&](Job job) {
    const Status fine = protocol::checkKey(job.key);
    if (!fine) return transfers.refuse(job.key, fine.error());
    jobs.push_back(std::move(job));
  };
  for (const auto& [name, error] : tree.refused) transfers.refuse(options.key + name, error);
  for (const TreeFile& file : tree.files) {
    Job job{.key = options.key + file.name, .name = file.name, .size = file.size};
    if (names) add({.key = "key for " + job.key, .name = job.key, .size = job.key.size(), .isName = true});
    add(std::move(job));
  }
  return jobs;
}

bool isStored(const Job& job, const BodySource& body) {
  if (!job.stored || body.size() != job.stored->size) return false;
  const auto digest = body.digest();
  return digest && hexOf(*digest) == job.stored->sha256;
}

}  // namespace

Status upload(const Options& options, Nodes& nodes) {
  const std::string folder = options.folder.value_or(std::string(kExample));
  const auto tree = filesBelow(folder);
  if (!tree) return tree.error();
  Transfers transfers(options, nodes);
  KnownJobs jobs(nodes.another(0), jobsOf(options, folder, *tree, transfers), transfers.progress());
  transfers.run(jobs, [&](const Job& job, Nodes& mine) -> Result<Transfers::Outcome> {
    auto body = job.isName ? Result(textBody(job.name)) : fileBody(folder + "/" + job.name);
    if (!body) return body.error();
    if (isStored(job, **body)) {
      transfers.progress().add(job.size);
      return Transfers::Outcome{.bytes = job.size, .equal = true};
    }
    CountedBody counted(**body, transfers.progress());
    const auto answer = mine.ask(putOf(job.key, counted, job.isName ? kTextType : "", options.consistency));
    if (!answer) return answer.error();
    return Transfers::Outcome{.bytes = job.size};
  });
  const std::string& trouble = jobs.trouble();
  return transfers.finish("UPLOAD", "stored",
                          trouble.empty() ? "" : "what is stored could not be compared: " + trouble);
}

}  // namespace mydht::client::commands
