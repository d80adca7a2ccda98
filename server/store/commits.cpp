#include "server/store/commits.h"

#include "server/store/rows.h"
#include "server/wire/codec.h"

namespace mydht::store {

Task<Result<std::uint64_t>> Commits::commit(Batch batch) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [row, content] : remembered_) batch.rows.emplace_back(row, std::move(content));
    remembered_.clear();
  }
  auto committed = co_await disk_.commit(std::move(batch));
  co_return committed;
}

void Commits::remember(std::string row, Bytes content) {
  const std::lock_guard lock(mutex_);
  remembered_.insert_or_assign(std::move(row), std::move(content));
}

void Commits::noteVersion(const Version& version) {
  {
    const std::lock_guard lock(mutex_);
    if (version.physicalMicros <= clockWritten_ + kClockStepMicros) return;
    clockWritten_ = version.physicalMicros;
  }
  wire::Writer out;
  out.number(version.physicalMicros);
  remember(std::string(kClockRow), Bytes(out.take()));
}

}  // namespace mydht::store
