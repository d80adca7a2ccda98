#include "tests/simulation/stack/checkers/linearizability.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace mydht::simulation {
namespace {

// So many states are tried for one order; histories that have one are explained in some thousand.
constexpr std::size_t kMostTried = 300'000;

/// The search for an order of one key's operations.
class Search {
 public:
  explicit Search(std::vector<Operation> operations)
      : operations_(std::move(operations)), done_(operations_.size(), false) {
    for (const Operation& operation : operations_) ++countOf(operation);
  }

  /// Whether there is an order; no too if none was found among as many as are tried.
  bool succeeds() {
    const std::size_t left = static_cast<std::size_t>(std::ranges::count_if(
        operations_, [](const Operation& operation) { return operation.outcome == Outcome::Done; }));
    return explain(left, 0);
  }

 private:
  /// Whether the finished operations that are left (`left` of them) can follow on a register that holds `value`.
  bool explain(std::size_t left, std::uint64_t value) {
    if (left == 0) return true;
    if (tried_.size() >= kMostTried || !tried_.insert({done_, value}).second) return false;
    Time firstEnd = Time::max();
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (!done_[i]) firstEnd = std::min(firstEnd, operations_[i].end);
    }
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const Operation& next = operations_[i];
      if (done_[i] || next.begin > firstEnd) continue;
      if (next.action == Action::Get && next.value != value) continue;
      if (next.outcome == Outcome::Pending && (next.value == value || hasTwinBefore(i))) continue;
      if (next.value != value && isStillToBeRead(value)) continue;
      if (goesOn(i, next.outcome == Outcome::Done ? left - 1 : left)) return true;
    }
    return false;
  }

  /// Whether the rest can follow once this operation has taken its place.
  bool goesOn(std::size_t place, std::size_t left) {
    const Operation& next = operations_[place];
    std::size_t& same = countOf(next);
    done_[place] = true;
    --same;
    const bool can = explain(left, next.value);
    ++same;
    done_[place] = false;
    return can;
  }

  /// Whether somebody who has not been placed read this value and nobody is left who could write it again: then
  /// nothing may replace it yet. Without this, all orders of the writes behind it are tried.
  bool isStillToBeRead(std::uint64_t value) {
    const Left& left = left_[value];
    return left.reads > 0 && left.writes == 0;
  }

  /// Operations on one value that have no place yet.
  struct Left {
    std::size_t writes = 0;
    std::size_t reads = 0;
  };
  std::size_t& countOf(const Operation& operation) {
    Left& left = left_[operation.value];
    return operation.action == Action::Get ? left.reads : left.writes;
  }

  /// Whether an unanswered operation that began before does the same, and can stand in its place: without this, as many
  /// orders of unanswered deletes are tried as there are sets of them.
  bool hasTwinBefore(std::size_t place) const {
    const Operation& operation = operations_[place];
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      const Operation& other = operations_[i];
      const bool same =
          other.outcome == Outcome::Pending && other.action == operation.action && other.value == operation.value;
      const bool before = other.begin < operation.begin || (other.begin == operation.begin && i < place);
      if (same && before && !done_[i]) return true;
    }
    return false;
  }

  const std::vector<Operation> operations_;
  std::vector<bool> done_;
  std::map<std::uint64_t, Left> left_;
  std::set<std::pair<std::vector<bool>, std::uint64_t>> tried_;
};

/// Operations that can matter: an unanswered put whose value nobody read needs no place in the order.
std::vector<Operation> relevant(const History& history, const std::string& key) {
  std::set<std::uint64_t> read;
  for (const Operation& operation : history) {
    if (operation.action == Action::Get && operation.outcome == Outcome::Done) read.insert(operation.value);
  }
  std::vector<Operation> result;
  for (const Operation& operation : history) {
    if (operation.key != key || operation.outcome == Outcome::NoEffect) continue;
    if (operation.action == Action::Get && operation.consistency == cluster::Consistency::One) continue;
    const bool pending = operation.outcome == Outcome::Pending;
    if (pending && operation.action == Action::Get) continue;
    if (pending && operation.action == Action::Put && !read.contains(operation.value)) continue;
    result.push_back(operation);
    if (pending) result.back().end = Time::max();
    if (operation.action == Action::Get) continue;
    // How many rounds an unanswered write took nobody knows; two at most before it is begun anew.
    for (unsigned more = 1; more < (pending ? 2 : operation.versions); ++more) {
      result.push_back(operation);
      result.back().end = Time::max();
      result.back().outcome = Outcome::Pending;
    }
  }
  std::ranges::stable_sort(result, {}, &Operation::begin);
  return result;
}

/// What had been seen at one moment: what was under way then is pending.
std::vector<Operation> until(const std::vector<Operation>& operations, Time moment) {
  std::vector<Operation> some;
  for (const Operation& operation : operations) {
    if (operation.begin > moment) continue;
    some.push_back(operation);
    if (operation.end <= moment) continue;
    some.back().end = Time::max();
    some.back().outcome = Outcome::Pending;
    if (operation.action == Action::Get) some.pop_back();
  }
  return some;
}

/// The first moment that cannot be explained is what a person wants to see.
std::string explanation(const std::vector<Operation>& operations) {
  std::set<Time> moments;
  for (const Operation& operation : operations) {
    if (operation.end != Time::max()) moments.insert(operation.end);
  }
  for (const Time moment : moments) {
    const std::vector<Operation> some = until(operations, moment);
    if (Search(some).succeeds()) continue;
    std::string text = "no order explains these operations:\n";
    for (std::size_t i = some.size() > 20 ? some.size() - 20 : 0; i < some.size(); ++i)
      text += "  " + describe(some[i]) + "\n";
    return text;
  }
  return "no order explains the operations";
}

}  // namespace

std::optional<std::string> whyNotLinearizable(const History& history) {
  std::set<std::string> keys;
  for (const Operation& operation : history) keys.insert(operation.key);
  for (const std::string& key : keysWrittenAtOne(history)) keys.erase(key);
  for (const std::string& key : keys) {
    const std::vector<Operation> operations = relevant(history, key);
    if (!Search(operations).succeeds()) return explanation(operations);
  }
  return std::nullopt;
}

}  // namespace mydht::simulation
