#include "server/access/replays.h"

#include <utility>

namespace mydht::access {
namespace {

/// Signatures are forgotten together with those of the same few seconds.
constexpr std::int64_t kUnitMicros = 4'000'000;

constexpr std::size_t kFirstSlots = 16;

/// Two different requests have the same number with a chance of one in 2^64: a MAC looks random, and the same signature
/// has the same one.
std::uint64_t numberOf(const Digest& mac) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | mac[i];
  return number == 0 ? 1 : number;
}

}  // namespace

bool Replays::Set::insert(std::uint64_t number) {
  if (2 * (size_ + 1) > slots_.size()) grow();
  std::size_t at = number & (slots_.size() - 1);
  while (slots_[at] != 0) {
    if (slots_[at] == number) return false;
    at = (at + 1) & (slots_.size() - 1);
  }
  slots_[at] = number;
  ++size_;
  return true;
}

void Replays::Set::grow() {
  const auto old = std::exchange(slots_, std::vector<std::uint64_t>(slots_.empty() ? kFirstSlots : 2 * slots_.size()));
  size_ = 0;
  for (const std::uint64_t number : old) {
    if (number != 0) insert(number);
  }
}

Replays::Verdict Replays::take(const protocol::Signature& signature, std::int64_t nowMicros) {
  if (signature.timeMicros > nowMicros + kSignatureMicros) return Verdict::Early;
  if (signature.timeMicros < nowMicros - kSignatureMicros) return Verdict::Late;
  const std::int64_t time = signature.timeMicros / kUnitMicros;
  const std::lock_guard lock(mutex_);
  // A clock that was set back by more than the window: what is remembered is of another time, and would shut out all.
  if (forgottenBefore_ * kUnitMicros > nowMicros + kSignatureMicros) forgottenBefore_ = 0;
  const std::int64_t oldest = (nowMicros - kSignatureMicros) / kUnitMicros;
  while (!byTime_.empty() && byTime_.begin()->first < oldest) forgetFirst();
  if (time < forgottenBefore_) return Verdict::Forgotten;
  if (!byTime_[time].insert(numberOf(signature.mac))) return Verdict::Again;
  ++size_;
  while (size_ > most_) forgetFirst();
  return Verdict::Taken;
}

std::size_t Replays::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

void Replays::forgetFirst() {
  const auto first = byTime_.begin();
  size_ -= first->second.size();
  forgottenBefore_ = first->first + 1;
  byTime_.erase(first);
}

}  // namespace mydht::access
