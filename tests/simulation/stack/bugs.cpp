#include "tests/simulation/stack/bugs.h"

#include <algorithm>
#include <array>

namespace mydht::simulation {
namespace {

using Bugs = cluster::DeliberateBugs;

constexpr std::array kRows{
    BugRow{&Bugs::ownTable, "ownTable", "a version's table depends on who computes it (R1)"},
    BugRow{&Bugs::agreeByMinority, "agreeByMinority", "a version of the ring needs no majority (R2)"},
    BugRow{&Bugs::unionQuorum, "unionQuorum",
           "a quorum of the union of all active versions' home nodes is enough (R3)"},
    BugRow{&Bugs::newestOnly, "newestOnly", "only the newest active version counts (R3)"},
    BugRow{&Bugs::noRefusal, "noRefusal", "a home node serves who has an older view of the ring (R4)"},
    BugRow{&Bugs::adoptUnsynced, "adoptUnsynced", "an adoption is answered before it is on disk (R4)"},
    BugRow{&Bugs::fillFromOne, "fillFromOne", "one source is enough to fill from (R5)"},
    BugRow{&Bugs::fillBeforeAdoption, "fillBeforeAdoption", "a source need not have adopted the new version (R5)"},
    BugRow{&Bugs::voteUnfilled, "voteUnfilled", "a new home node votes before it is filled (R5)"},
    BugRow{&Bugs::completeAtOnce, "completeAtOnce", "a version is complete without being filled (R6)"},
    BugRow{&Bugs::ignoreRollback, "ignoreRollback", "a restored backup goes on as if nothing had happened (R7)"},
    BugRow{&Bugs::noSecondRound, "noSecondRound", "a put ignores that a home node has something newer (R9)"},
    BugRow{&Bugs::oneRoundMore, "oneRoundMore", "a put that met something newer takes a third round (R9)"},
    BugRow{&Bugs::showUnsynced, "showUnsynced", "what waits for its sync is visible (R10)"},
    BugRow{&Bugs::noWriteBack, "noWriteBack", "a get returns what a minority holds (R11)"},
    BugRow{&Bugs::publishBelowQuorum, "publishBelowQuorum", "a body is published although no quorum has staged it"},
    BugRow{&Bugs::sendAnyVersion, "sendAnyVersion",
           "a home node sends of a value what it has, whatever version is asked for (R11)"},
    BugRow{&Bugs::endWhereItBreaks, "endWhereItBreaks", "a body that breaks off is taken for whole (R11)"},
    BugRow{&Bugs::countQuorumForAll, "countQuorumForAll", "at `all` a quorum is enough"},
    BugRow{&Bugs::keepUnowed, "keepUnowed", "where copies become fewer, those that stay need not fill again (R5)"},
    BugRow{&Bugs::removeUnchecked, "removeUnchecked", "a remove does not ask whether the others hold everything (R8)"},
    BugRow{&Bugs::leaveEarly, "leaveEarly", "a node that leaves does not wait until the copies are made again"},
    BugRow{&Bugs::lastArrivalWins, "lastArrivalWins", "what arrives last replaces what is held, whatever its version"},
    BugRow{&Bugs::balanceSkipsTombstones, "balanceSkipsTombstones",
           "a balance takes what is deleted for what never was"},
    BugRow{&Bugs::reapByAge, "reapByAge", "tombstones are dropped once they are old, whoever has them (R12)"},
    BugRow{&Bugs::settleWithoutAll, "settleWithoutAll",
           "a partition is settled without the home nodes that do not answer (R12)"},
    BugRow{&Bugs::settleWithoutComparing, "settleWithoutComparing",
           "a partition is settled whatever its home nodes hold (R12)"},
    BugRow{&Bugs::marksStayBehind, "marksStayBehind", "the marks do not travel with a fill (R12)"},
    BugRow{&Bugs::ignoreMarks, "ignoreMarks", "what is at or below closed or settled is taken all the same (R12)"},
    BugRow{&Bugs::dropHints, "dropHints", "what a home node has missed is not noted"},
    BugRow{&Bugs::countHints, "countHints", "a home node that has missed a write counts once that is noted"},
    BugRow{&Bugs::keepAllHints, "keepAllHints", "what is noted for home nodes that are down has no bound"},
    BugRow{&Bugs::askForHours, "askForHours",
           "a question to another node is given up after an hour, not when it is due"},
    BugRow{&Bugs::purgeUnasked, "purgeUnasked", "a purge does not ask the home nodes"},
    BugRow{&Bugs::purgeWhileChanging, "purgeWhileChanging",
           "a purge does not wait for a change of the ring to be complete"},
};

}  // namespace

std::span<const BugRow> allBugs() {
  return kRows;
}

const BugRow* bugNamed(std::string_view name) {
  const auto* const at = std::ranges::find(kRows, name, &BugRow::name);
  return at == kRows.end() ? nullptr : at;
}

}  // namespace mydht::simulation
