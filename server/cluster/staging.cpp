#include "server/cluster/staging.h"

#include <utility>
#include <vector>

namespace mydht::cluster {

Task<Result<Staged>> Staging::receive(std::unique_ptr<ByteSource> body, Duration progress) {
  Executor& executor = co_await currentExecutor();
  auto writer = co_await store_.stage(body->size().value_or(0));
  if (!writer) co_return writer.error().within("make room for a value");
  Sha256 hash;
  Staged staged;
  while (true) {
    auto piece = co_await body->next(executor.now() + progress);
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    hash.update(piece->view());
    staged.size += piece->size();
    auto written = co_await (*writer)->append(std::move(*piece), executor.now() + progress);
    if (!written) co_return written.error().within("write a value aside");
  }
  auto sealed = co_await (*writer)->seal(executor.now() + progress);
  if (!sealed) co_return sealed.error().within("write a value aside");
  staged.blob = *sealed;
  staged.sha256 = hash.finish();
  staged.since = executor.now();
  co_return staged;
}

Task<Result<Staged>> Staging::receiveFor(std::uint64_t upload, std::unique_ptr<ByteSource> body, Duration progress) {
  {
    const std::lock_guard lock(mutex_);
    arriving_.insert(upload);
  }
  auto staged = co_await receive(std::move(body), progress);
  if (staged) keep(upload, *staged);
  const std::lock_guard lock(mutex_);
  arriving_.erase(arriving_.find(upload));
  co_return staged;
}

bool Staging::isArriving(std::uint64_t upload) const {
  const std::lock_guard lock(mutex_);
  return arriving_.contains(upload);
}

void Staging::keep(std::uint64_t upload, Staged staged) {
  std::optional<Staged> old;
  {
    const std::lock_guard lock(mutex_);
    const auto [at, isNew] = staged_.try_emplace(upload, staged);
    if (!isNew) old = std::exchange(at->second, staged);
  }
  if (old) store_.discard(old->blob);
}

std::optional<Staged> Staging::find(std::uint64_t upload) const {
  const std::lock_guard lock(mutex_);
  const auto at = staged_.find(upload);
  if (at == staged_.end()) return std::nullopt;
  return at->second;
}

std::optional<Staged> Staging::take(std::uint64_t upload) {
  const std::lock_guard lock(mutex_);
  const auto at = staged_.find(upload);
  if (at == staged_.end()) return std::nullopt;
  Staged staged = at->second;
  staged_.erase(at);
  return staged;
}

void Staging::discard(std::uint64_t upload) {
  const auto staged = take(upload);
  if (staged) store_.discard(staged->blob);
}

void Staging::discardOlderThan(Time time) {
  std::vector<std::uint64_t> old;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [upload, staged] : staged_) {
      if (staged.since < time) old.push_back(upload);
    }
  }
  for (const std::uint64_t upload : old) discard(upload);
}

}  // namespace mydht::cluster
