#include "client/commands/jobs.h"

#include <algorithm>
#include <utility>

#include "client/one_line.h"

namespace mydht::client::commands {

namespace {

/// A page for the last few jobs need not hold a thousand keys; nor be so short that the next key is just not in it.
constexpr std::size_t kShortestPage = 16;

bool isBefore(const protocol::ListedKey& listed, const std::string& key) {
  return listed.key < key;
}

}  // namespace

std::string placeBefore(std::string key) {
  if (key.empty()) return key;
  const auto last = static_cast<unsigned char>(key.back());
  key.pop_back();
  if (last == 0) return key;
  key += static_cast<char>(last - 1);
  return key + std::string(8, '\xff');
}

KnownJobs::KnownJobs(Nodes nodes, std::vector<Job> jobs, Progress& progress)
    : nodes_(std::move(nodes)), jobs_(std::move(jobs)) {
  std::sort(jobs_.begin(), jobs_.end(), [](const Job& a, const Job& b) { return a.key < b.key; });
  std::uint64_t bytes = 0;
  for (const Job& job : jobs_) bytes += job.size;
  progress.expect(bytes);
  progress.expectFiles(jobs_.size());
  if (bytes > 0) progress.allExpected();
}

Result<std::optional<Job>> KnownJobs::next() {
  if (next_ == jobs_.size()) return std::optional<Job>();
  Job job = std::move(jobs_[next_++]);
  job.stored = find(job.key);
  return std::optional(std::move(job));
}

std::optional<protocol::ListedKey> KnownJobs::find(const std::string& key) {
  if (!trouble_.empty()) return std::nullopt;
  if (const Status reached = reach(key); !reached) {
    trouble_ = reached.error().text;
    return std::nullopt;
  }
  const auto found = std::lower_bound(page_.keys.begin(), page_.keys.end(), key, isBefore);
  if (found == page_.keys.end() || found->key != key) return std::nullopt;
  return *found;
}

/// Has the page that the key would be in.
Status KnownJobs::reach(const std::string& key) {
  if (covered_ && (!page_.next || key <= *page_.next)) return {};
  const std::size_t left = jobs_.size() - next_ + 1;
  auto page = askForPage(
      nodes_,
      {.prefix = "", .after = placeBefore(key), .limit = std::clamp(left, kShortestPage, protocol::kListingItems)});
  if (!page) return page.error();
  page_ = std::move(*page);
  covered_ = true;
  return {};
}

ListedJobs::ListedJobs(Nodes nodes, Range range, Progress& progress)
    : nodes_(std::move(nodes)), range_(std::move(range)), progress_(progress) {}

Result<std::optional<Job>> ListedJobs::next() {
  while (at_ == page_.size()) {
    if (over_) return std::optional<Job>();
    if (const Status read = readPage(); !read) {
      over_ = true;
      return read.error();
    }
  }
  protocol::ListedKey listed = std::move(page_[at_++]);
  if (!listed.key.starts_with(range_.prefix)) {
    over_ = true;
    return Error{Kind::Corrupt, "the node's answer: a key without the prefix: " + oneLine(listed.key)};
  }
  Job job{.key = listed.key, .name = listed.key.substr(range_.prefix.size()), .size = listed.size};
  job.stored = std::move(listed);
  return std::optional(std::move(job));
}

Status ListedJobs::readPage() {
  auto page = askForPage(nodes_, range_);
  if (!page) return page.error();
  page_ = std::move(page->keys);
  at_ = 0;
  over_ = !page->next;
  if (page->next) range_.after = *page->next;
  for (const protocol::ListedKey& listed : page_) progress_.expect(listed.size);
  progress_.expectFiles(page_.size());
  if (over_) progress_.allExpected();
  return {};
}

}  // namespace mydht::client::commands
