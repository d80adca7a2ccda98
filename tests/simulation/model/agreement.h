#pragma once

#include <cstdint>
#include <vector>

#include "common/ring/member_list.h"
#include "tests/simulation/model/random.h"

namespace mydht::model {

/// How R2 is read. AsWorded: a majority of the members of every active version that the proposer knows.
/// CountingAnswered: an answer also names every list that the member has answered with before (since the newest
/// complete version), and the proposer asks a majority of each of those too, since any of them may have been agreed
/// without anybody here knowing.
enum class AgreementRule { AsWorded, CountingAnswered };

/// R2 alone: members that merge what they are sent, proposers that want the next version, and completed versions that
/// push out older ones. Messages are calls; what is late is what the caller does not call yet. A value of one test.
class Agreement {
 public:
  /// What one member remembers.
  struct Memory {
    std::vector<ring::MemberList> active;    ///< known active versions, the complete one first
    ring::MemberList merged;                 ///< of all that it was sent
    std::vector<ring::MemberList> answered;  ///< what it has answered exactly as sent
  };

  /// Somebody who wants a change.
  struct Proposer {
    std::vector<ring::MemberList> active;  ///< of which a majority has to answer
    ring::MemberList list;
    std::uint32_t answers = 0;  ///< members that answered exactly this list
    bool done = false;
  };

  Agreement(AgreementRule rule, unsigned members, unsigned nodes);

  /// Begins a change at a node: its newest version with this record merged in.
  Proposer propose(NodeId node, const ring::Member& change) const;
  /// One member is asked and answers, there and back. True when that made the list the next version.
  bool ask(Proposer& proposer, NodeId member);
  /// A node learns of versions, as from gossip.
  void learn(NodeId node, const std::vector<ring::MemberList>& active);
  /// R6 without its data: these hold that the version is complete.
  void complete(const ring::MemberList& version, const std::vector<NodeId>& holders);

  const Memory& at(NodeId node) const { return nodes_[node]; }
  const std::vector<ring::MemberList>& agreed() const { return agreed_; }
  /// R2's promise: any two agreed versions contain one another.
  bool chain() const;

 private:
  void insert(std::vector<ring::MemberList>& active, const ring::MemberList& version) const;

  AgreementRule rule_;
  std::vector<Memory> nodes_;
  std::vector<ring::MemberList> agreed_;
};

}  // namespace mydht::model
