#include "tests/simulation/model/agreement.h"

#include <algorithm>
#include <utility>

#include "common/ring/quorum.h"

namespace mydht::model {

Agreement::Agreement(AgreementRule rule, unsigned members, unsigned nodes) : rule_(rule), nodes_(nodes + 1) {
  ring::MemberList first;
  for (NodeId id = 1; id <= members; ++id) first.put({.id = id, .tokenSeed = id});
  for (Memory& memory : nodes_) memory = {{first}, first, {}};
  agreed_.push_back(first);
}

void Agreement::insert(std::vector<ring::MemberList>& active, const ring::MemberList& version) const {
  if (!ring::contains(version, active.front())) return;  // older than the complete one
  if (std::find(active.begin(), active.end(), version) != active.end()) return;
  active.push_back(version);
  std::sort(active.begin() + 1, active.end(),
            [](const ring::MemberList& a, const ring::MemberList& b) { return ring::nameOf(a) < ring::nameOf(b); });
}

Agreement::Proposer Agreement::propose(NodeId node, const ring::Member& change) const {
  Proposer proposer{nodes_[node].active, nodes_[node].merged, 0, false};
  proposer.list.put(change);
  return proposer;
}

bool Agreement::ask(Proposer& proposer, NodeId member) {
  Memory& memory = nodes_[member];
  // R4: whoever knows a newer complete version says so, and the proposer begins again with it.
  if (memory.active.front() != proposer.active.front() &&
      ring::contains(memory.active.front(), proposer.active.front())) {
    proposer.active = {memory.active.front()};
    proposer.answers = 0;
  }
  learn(member, proposer.active);
  for (const ring::MemberList& version : memory.active) insert(proposer.active, version);
  memory.merged = ring::mergeLists(memory.merged, proposer.list);
  if (memory.merged != proposer.list) {
    proposer.list = memory.merged;
    proposer.answers = 0;
  }
  if (rule_ == AgreementRule::CountingAnswered) {
    for (const ring::MemberList& list : memory.answered) {
      if (list != proposer.list) insert(proposer.active, list);
    }
  }
  if (std::find(memory.answered.begin(), memory.answered.end(), proposer.list) == memory.answered.end()) {
    memory.answered.push_back(proposer.list);
  }
  proposer.answers |= 1u << member;
  for (const ring::MemberList& version : proposer.active) {
    const auto present = version.present();
    if (!ring::hasQuorum(present, [&](NodeId node) { return (proposer.answers >> node & 1u) != 0; })) return false;
  }
  proposer.done = true;
  agreed_.push_back(proposer.list);
  return true;
}

void Agreement::learn(NodeId node, const std::vector<ring::MemberList>& active) {
  Memory& memory = nodes_[node];
  if (active.front() != memory.active.front() && ring::contains(active.front(), memory.active.front())) {
    const std::vector<ring::MemberList> known = std::exchange(memory.active, {active.front()});
    for (const ring::MemberList& version : known) insert(memory.active, version);
    std::erase_if(memory.answered, [&](const ring::MemberList& list) { return !ring::contains(list, active.front()); });
  }
  for (const ring::MemberList& version : active) {
    insert(memory.active, version);
    memory.merged = ring::mergeLists(memory.merged, version);
  }
}

void Agreement::complete(const ring::MemberList& version, const std::vector<NodeId>& holders) {
  for (const NodeId node : holders) learn(node, {version});
}

bool Agreement::chain() const {
  for (const ring::MemberList& a : agreed_) {
    for (const ring::MemberList& b : agreed_) {
      if (!ring::contains(a, b) && !ring::contains(b, a)) return false;
    }
  }
  return true;
}

}  // namespace mydht::model
