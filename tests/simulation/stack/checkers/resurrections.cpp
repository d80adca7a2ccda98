#include "tests/simulation/stack/checkers/resurrections.h"

#include <map>
#include <vector>

namespace mydht::simulation {
namespace {

bool isPromised(const Operation& operation) {
  return operation.outcome == Outcome::Done && operation.consistency != cluster::Consistency::One;
}

}  // namespace

std::optional<std::string> whyResurrected(const History& history) {
  const std::set<std::string> atOne = keysWrittenAtOne(history);
  std::map<std::uint64_t, const Operation*> puts;
  std::map<std::string, std::vector<const Operation*>> deletes;
  for (const Operation& operation : history) {
    if (!isPromised(operation) || atOne.contains(operation.key)) continue;
    if (operation.action == Action::Put) puts[operation.value] = &operation;
    if (operation.action == Action::Del) deletes[operation.key].push_back(&operation);
  }
  for (const Operation& get : history) {
    if (get.action != Action::Get || !isPromised(get)) continue;
    const auto put = puts.find(get.value);
    if (put == puts.end()) continue;
    for (const Operation* del : deletes[get.key]) {
      if (put->second->end >= del->begin || del->end >= get.begin) continue;
      return "a deleted value came back: " + describe(*put->second) + "; " + describe(*del) + "; " + describe(get);
    }
  }
  return std::nullopt;
}

}  // namespace mydht::simulation
