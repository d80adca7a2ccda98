#include "tests/simulation/model/bugs.h"

#include <array>

namespace mydht::model {

namespace {

constexpr std::array kBugs{
    BugRow{Bug::QuorumOfUnion, "quorumOfUnion", "R3: a quorum of the union of all active versions' homes is enough"},
    BugRow{Bug::OldAndNewOnlyOfThree, "oldAndNewOnlyOfThree",
           "R3: of three active versions the middle one is left out"},
    BugRow{Bug::NoRefusal, "noRefusal", "R4: a home node never refuses an older view"},
    BugRow{Bug::AdoptionNotSynced, "adoptionNotSynced", "R4: an adoption is answered before it is on disk"},
    BugRow{Bug::FillFromOne, "fillFromOne", "R5: one source is enough to fill from"},
    BugRow{Bug::FillBeforeAdoption, "fillBeforeAdoption",
           "R5: a source is read without having adopted the new version"},
    BugRow{Bug::FillFromCompleteOnly, "fillFromCompleteOnly",
           "R5: with three active versions, a fill reads the complete one's homes and not those of the middle one"},
    BugRow{Bug::StayedIsAlwaysFilled, "stayedIsAlwaysFilled",
           "R6: a home of the complete and of the newest version counts as filled though no home of one between"},
    BugRow{Bug::ChangedAgainstCompleteOnly, "changedAgainstCompleteOnly",
           "R6: a partition counts as unchanged when its homes are those of the complete version again"},
    BugRow{Bug::CompleteBeforeFilled, "completeBeforeFilled", "R6: one filled home node makes a version complete"},
    BugRow{Bug::VoteWhileUnfilled, "voteWhileUnfilled", "R5: a home node votes before it is filled"},
    BugRow{Bug::EmptiedKeepsIdentity, "emptiedKeepsIdentity", "R7: an emptied disk keeps its identity"},
    BugRow{Bug::RolledBackKeepsIdentity, "rolledBackKeepsIdentity", "R7: a restored backup keeps its identity"},
    BugRow{Bug::NoSecondRound, "noSecondRound", "R9: a put that met newer versions is answered as done"},
    BugRow{Bug::NoWriteBack, "noWriteBack", "R11: a get does not write back what a minority voted"},
    BugRow{Bug::TieByArrival, "tieByArrival", "R9: of two versions with equal time the first to arrive stays"},
    BugRow{Bug::AnswerBeforeSync, "answerBeforeSync", "R10: a write is answered before it is on disk"},
    BugRow{Bug::NoClosedMark, "noClosedMark", "R12: client writes at or below closed are taken"},
    BugRow{Bug::NoSettledMark, "noSettledMark", "R12: copies at or below settled are taken from anybody"},
    BugRow{Bug::ReapDuringGet, "reapDuringGet",
           "R12: votes and answers do not carry settled, so an old version beats none"},
    BugRow{Bug::SettledCountsAsWrittenBack, "settledCountsAsWrittenBack",
           "R11: a write-back refused as settled counts as done, instead of starting the get anew"},
    BugRow{Bug::SettleWithoutAll, "settleWithoutAll", "R12: a quorum of the home nodes is enough to settle"},
    BugRow{Bug::SettleWithoutComparing, "settleWithoutComparing", "R12: settled is raised without comparing"},
    BugRow{Bug::MarksStayBehind, "marksStayBehind", "R12: the marks do not travel with a fill"},
    BugRow{Bug::PurgeUnchecked, "purgeUnchecked", "Purge: a former home drops what the home nodes may lack"},
};

}  // namespace

std::span<const BugRow> allBugs() {
  return kBugs;
}

std::optional<Bug> bugNamed(std::string_view name) {
  for (const BugRow& row : kBugs) {
    if (row.name == name) return row.bug;
  }
  return std::nullopt;
}

}  // namespace mydht::model
