#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "common/ring/member_list.h"

namespace mydht::ring::test {

/// Records of few nodes with few different fields, so that merges of generated ones collide often.
inline rc::Gen<Member> genMember() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange<NodeId>(1, 6), rc::gen::inRange(0, 3), rc::gen::inRange<std::uint32_t>(1, 4),
                     rc::gen::inRange<std::uint64_t>(0, 3), rc::gen::inRange<std::uint32_t>(99, 102),
                     rc::gen::elementOf(std::vector<std::string>{"", "a", "b"})),
      [](const auto& fields) {
        const auto& [id, rank, number, seed, weight, zone] = fields;
        return Member{id, static_cast<Rank>(rank), number, seed, weight, zone};
      });
}

inline rc::Gen<MemberList> genList() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::container<std::vector<Member>>(genMember()), rc::gen::inRange<std::uint32_t>(1, 6),
                     rc::gen::inRange<std::uint32_t>(1, 4), rc::gen::inRange<std::uint32_t>(1, 3)),
      [](const auto& fields) {
        MemberList list;
        for (const Member& member : std::get<0>(fields)) list.put(member);
        list.replicas = std::get<1>(fields);
        list.replicasNumber = std::get<2>(fields);
        list.algorithm = std::get<3>(fields);
        return list;
      });
}

}  // namespace mydht::ring::test
