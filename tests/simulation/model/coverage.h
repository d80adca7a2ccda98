#pragma once

#include <cstdint>

namespace mydht::model {

/// What a batch of runs has really exercised: a model that never got there proves nothing.
struct Coverage {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;
  std::uint64_t writes = 0;
  std::uint64_t reads = 0;
  std::uint64_t readsWithTwoVersions = 0;
  std::uint64_t readsWithThreeVersions = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t refusals = 0;
  std::uint64_t refusedByClosed = 0;
  std::uint64_t refusedByFuture = 0;
  std::uint64_t refusedBySettled = 0;
  std::uint64_t secondRounds = 0;
  std::uint64_t writeBacks = 0;
  std::uint64_t versionsAgreed = 0;
  std::uint64_t versionsCompleted = 0;
  std::uint64_t fills = 0;
  std::uint64_t fillsForOneVote = 0;
  std::uint64_t settledRaised = 0;
  std::uint64_t settledTold = 0;
  std::uint64_t reaped = 0;
  std::uint64_t purged = 0;
  std::uint64_t crashes = 0;
  std::uint64_t disksLost = 0;
  std::uint64_t exhaustiveChecks = 0;
};

void print(const Coverage& coverage);

}  // namespace mydht::model
