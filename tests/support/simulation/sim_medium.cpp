#include "tests/support/simulation/sim_medium.h"

#include <algorithm>

#include "common/result/check.h"
#include "common/result/limits.h"

namespace mydht::simulation {

const Bytes* SimMedium::row(std::string_view name) const {
  const auto found = state_.rows.find(name);
  return found == state_.rows.end() ? nullptr : &found->second;
}

std::optional<std::string_view> SimMedium::blob(BlobId id) const {
  if (!state_.published.contains(id)) return std::nullopt;
  return state_.files.at(id)->bytes;
}

void SimMedium::empty() {
  MYDHT_ASSERT(!open_);
  state_ = State();
}

std::shared_ptr<const SimMedium> SimMedium::snapshot() const {
  auto copy = std::make_shared<SimMedium>();
  copy->state_ = copyOf(state_);
  return copy;
}

void SimMedium::rollback(const SimMedium& backup) {
  MYDHT_ASSERT(!open_);
  state_ = copyOf(backup.state_);
}

bool SimMedium::corruptBlob(BlobId id, std::uint64_t offset) {
  const auto found = state_.files.find(id);
  if (found == state_.files.end() || offset >= found->second->bytes.size()) return false;
  found->second->bytes[offset] = static_cast<char>(found->second->bytes[offset] ^ 1);
  found->second->badChunks.insert(offset / limits::kChunkBytes);
  return true;
}

bool SimMedium::corruptRow(std::string_view name) {
  if (!state_.rows.contains(name)) return false;
  state_.badRows.emplace(name);
  return true;
}

bool SimMedium::isDamaged() const {
  const auto isBad = [](const auto& file) { return !file.second->badChunks.empty(); };
  return !state_.badRows.empty() || std::ranges::any_of(state_.files, isBad);
}

/// Files can be harmed later, so a copy does not share them.
SimMedium::State SimMedium::copyOf(const State& state) {
  State copy = state;
  for (auto& [id, file] : copy.files) file = std::make_shared<SimFile>(*file);
  return copy;
}

void SimMedium::apply(const Batch& batch, std::uint64_t number) {
  MYDHT_ASSERT(number > state_.lastBatch);
  std::vector<std::pair<std::string, Bytes>> removed;
  for (const auto& [name, content] : batch.rows) {
    const bool damaged = state_.badRows.erase(name) > 0;
    if (content) {
      state_.rows[name] = *content;
    } else if (const auto at = state_.rows.find(name); at != state_.rows.end()) {
      if (!damaged) removed.emplace_back(name, at->second);  // what nobody can read is no copy
      state_.rows.erase(at);
    }
  }
  for (const BlobId id : batch.publishes) {
    MYDHT_ASSERT(state_.files.contains(id));  // sealed, and neither discarded nor dropped
    state_.published.insert(id);
  }
  for (const BlobId id : batch.drops) {
    if (state_.published.erase(id) == 0) continue;
    if (!state_.files.at(id)->badChunks.empty()) droppedDamaged_.insert(id);
    state_.files.erase(id);
  }
  state_.lastBatch = number;
  if (whenDurable) whenDurable(batch);
  for (const auto& [name, content] : removed) {
    if (whenRemoved) whenRemoved(name, content);
  }
}

void SimMedium::sweep() {
  std::erase_if(state_.files, [this](const auto& file) { return !state_.published.contains(file.first); });
}

}  // namespace mydht::simulation
