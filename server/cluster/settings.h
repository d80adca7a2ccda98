#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/store/hints.h"
#include "server/task/executor.h"

namespace mydht::cluster {

/// Test only: ways in which the protocol can be got wrong, each caught by a directed scenario of the simulation. All
/// off in the server; no option of the program reaches them.
struct DeliberateBugs {
  bool ownTable = false;            ///< a version's table depends on who computes it (R1)
  bool agreeByMinority = false;     ///< a version of the ring needs no majority (R2)
  bool unionQuorum = false;         ///< a quorum of the union of all active versions' home nodes is enough (R3)
  bool newestOnly = false;          ///< only the newest active version counts (R3)
  bool noRefusal = false;           ///< a home node serves who has an older view of the ring (R4)
  bool adoptUnsynced = false;       ///< an adoption is answered before it is on disk (R4)
  bool fillFromOne = false;         ///< one source is enough to fill from (R5)
  bool fillBeforeAdoption = false;  ///< a source need not have adopted the new version (R5)
  bool voteUnfilled = false;        ///< a new home node votes before it is filled (R5)
  bool completeAtOnce = false;      ///< a version is complete without being filled (R6)
  bool ignoreRollback = false;      ///< a restored backup goes on as if nothing had happened (R7)
  bool noSecondRound = false;       ///< a put ignores that a home node has something newer (R9)
  bool oneRoundMore = false;        ///< a put that met something newer takes a third round (R9)
  bool showUnsynced = false;        ///< what waits for its sync is visible (R10)
  bool noWriteBack = false;         ///< a get returns what a minority holds (R11)
  bool publishBelowQuorum = false;  ///< a body is published although no quorum has staged it
  bool sendAnyVersion = false;      ///< a home node sends of a value what it has, whatever version is asked for (R11)
  bool endWhereItBreaks = false;    ///< a body that breaks off is taken for whole (R11)
  bool countQuorumForAll = false;   ///< at `all` a quorum is enough
  bool keepUnowed = false;          ///< where copies become fewer, those that stay need not fill again (R5)
  bool removeUnchecked = false;     ///< a remove does not ask whether the others hold everything (R8)
  bool leaveEarly = false;          ///< a node that leaves does not wait until the copies are made again
  bool lastArrivalWins = false;     ///< what arrives last replaces what is held, whatever its version
  bool balanceSkipsTombstones = false;  ///< a balance takes what is deleted for what never was
  bool reapByAge = false;               ///< tombstones are dropped once they are old, whoever has them (R12)
  bool settleWithoutAll = false;        ///< a partition is settled without the home nodes that do not answer (R12)
  bool settleWithoutComparing = false;  ///< a partition is settled whatever its home nodes hold (R12)
  bool marksStayBehind = false;         ///< the marks do not travel with a fill (R12)
  bool ignoreMarks = false;             ///< what is at or below closed or settled is taken all the same (R12)
  bool dropHints = false;               ///< what a home node has missed is not noted
  bool countHints = false;              ///< a home node that has missed a write counts once that is noted
  bool keepAllHints = false;            ///< what is noted for home nodes that are down has no bound
  bool askForHours = false;             ///< a question to another node is given up after an hour, not when it is due
  bool purgeUnasked = false;            ///< a purge does not ask the home nodes
  bool purgeWhileChanging = false;      ///< a purge does not wait for a change of the ring to be complete
};

/// How long things may take. Virtual time in the simulation.
struct Timing {
  Duration call = std::chrono::seconds(2);          ///< one message and its answer
  Duration hedge = std::chrono::milliseconds(200);  ///< no answer for that long: another home node is asked too
  Duration branchStall = std::chrono::seconds(1);   ///< a home node that takes nothing for that long is dropped
  Duration progress = std::chrono::seconds(30);     ///< a body that does not move for that long has broken off
  Duration balance = std::chrono::minutes(1);       ///< between two comparisons with another node, about; 0: none
  Duration purge = std::chrono::seconds(10);        ///< between two looks whether there is something to purge; 0: none
  Duration settling = std::chrono::seconds(10);     ///< between two rounds of settling tombstones; 0: none
  Duration settleAge = std::chrono::seconds(30);    ///< what is younger than that is not settled yet
  Duration scrub = std::chrono::hours(24);          ///< between two rounds of reading everything at rest; 0: none
  Duration mend = std::chrono::seconds(5);          ///< until what could not be repaired is tried again, at most
  Duration badDisk = std::chrono::seconds(5);  ///< a node's word that its disk is full, or has failed, counts so long
  Duration gossip = std::chrono::seconds(1);   ///< between two rounds of gossip and of the other duties
  Duration probe = std::chrono::milliseconds(500);         ///< between two probes of a member; 0: none
  Duration probeAnswer = std::chrono::milliseconds(200);   ///< no answer by then: others are asked to probe it
  Duration suspectAgain = std::chrono::milliseconds(100);  ///< between two probes of a suspect
  Duration suspicion = std::chrono::milliseconds(1200);  ///< so long a suspect has in a small ring, more in a large one
  Duration skipFirst = std::chrono::seconds(1);          ///< a node that failed a call is left alone for that long,
  Duration skipMost = std::chrono::seconds(8);           ///< doubled with each failure, up to this; then gossip asks it
  Duration stagedKept = std::chrono::minutes(15);        ///< what nobody publishes is forgotten after that
  Duration backSoon = std::chrono::seconds(10);          ///< so long a dead home node is waited for to fill after all
  Duration settle = Duration(0);  ///< a joiner says that it serves once the ring's change is complete, or after that
  Duration joinPatience = std::chrono::seconds(20);   ///< a joiner gives up when nobody has answered it by then
  Duration agreePatience = std::chrono::seconds(10);  ///< a change of the ring finds its majority by then, or fails
};

/// What a node is told by its options.
struct Settings {
  std::string hostPort;  ///< the name that other nodes and clients use
  std::vector<std::string>
      seeds;                   ///< members of the ring to join; empty: make a ring, or go on with the remembered one
  std::uint32_t replicas = 3;  ///< counts for the first node of a ring only
  std::optional<std::uint32_t> weightHundredths;  ///< not said: what the node had before, at first 100
  std::optional<std::string> zone;                ///< not said: what the node had before, at first none
  /// At most so fast is the disk filled after a change, and so fast again each what hints are about and what differs
  /// copied; 0: no limit.
  std::uint64_t fillBytesPerSecond = 0;
  Duration removeAfter = Duration(0);     ///< a member that is dead for that long is removed; 0: none
  std::uint64_t scrubBytesPerSecond = 0;  ///< at most so fast a scrub reads; 0: no limit
  std::string programVersion{};           ///< told to other nodes, for people
  std::size_t cacheBytes = 64 * 1024 * 1024;
  store::HintSettings hints;
  Timing timing;
  DeliberateBugs bugs;
};

}  // namespace mydht::cluster
