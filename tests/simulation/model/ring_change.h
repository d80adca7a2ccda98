#pragma once

#include "tests/simulation/model/world.h"

namespace mydht::model {

/// R2 as it comes out: the initiator's change becomes the next version if a majority of the members of each active
/// version is up to answer. Only the initiator knows it then; everybody else has to be told, or refused. False if it
/// must wait. How members come to agree is modelled apart, in agreement.h.
bool agree(World& world, NodeId initiator, const ring::MemberList& wanted, std::uint64_t salt);

/// The list that a change sends: what the newest version says, with a joiner, or with a member gone or removed (and the
/// one that takes its place with its token seed).
ring::MemberList withJoiner(const World& world, NodeId joiner);
ring::MemberList without(const World& world, NodeId member, ring::Rank rank);

/// R8: whether the home nodes that stay contain a read quorum of filled ones in each partition.
bool mayRemove(const World& world, const View& view, NodeId member);

/// Tells another node the view and who is known to be filled for its newest version.
void gossip(World& world, NodeId from, NodeId to);
void onGossip(World& world, const Message& message);

/// R6: if a version newer than the complete one is known to be filled, asks its members to hold that.
void tryToComplete(World& world, NodeId node);
void onHold(World& world, const Message& request);
void onHoldAnswer(World& world, const Message& answer);

}  // namespace mydht::model
