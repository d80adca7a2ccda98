#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/ring/member_list.h"

namespace mydht::ring::test {

/// What a test asks of one node.
struct NodeSpec {
  std::uint32_t weight = 100;
  std::string zone{};
};

/// Well mixed bits of two numbers (splitmix64), for identities and token seeds that look random and replay exactly.
inline std::uint64_t mixed(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15U + (index + 1) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return (x ^ (x >> 31)) | 1;
}

/// A member list with such nodes, their identities made from the seed; node i is the same in every list of one seed.
inline MemberList listOf(const std::vector<NodeSpec>& nodes, std::uint64_t seed, std::uint32_t replicas = 3) {
  MemberList list;
  list.replicas = replicas;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Member member;
    member.id = mixed(seed, i);
    member.tokenSeed = mixed(~seed, i);
    member.weightHundredths = nodes[i].weight;
    member.zone = nodes[i].zone;
    list.put(member);
  }
  return list;
}

inline MemberList evenList(std::size_t nodes, std::uint64_t seed, std::uint32_t replicas = 3) {
  return listOf(std::vector<NodeSpec>(nodes), seed, replicas);
}

}  // namespace mydht::ring::test
