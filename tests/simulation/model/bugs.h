#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace mydht::model {

/// One rule of the protocol left out, so that the checkers are seen to catch it. None is the protocol as it should be.
enum class Bug {
  None,
  QuorumOfUnion,
  OldAndNewOnlyOfThree,
  NoRefusal,
  AdoptionNotSynced,
  FillFromOne,
  FillBeforeAdoption,
  FillFromCompleteOnly,
  StayedIsAlwaysFilled,
  ChangedAgainstCompleteOnly,
  CompleteBeforeFilled,
  VoteWhileUnfilled,
  EmptiedKeepsIdentity,
  RolledBackKeepsIdentity,
  NoSecondRound,
  NoWriteBack,
  TieByArrival,
  AnswerBeforeSync,
  NoClosedMark,
  NoSettledMark,
  ReapDuringGet,
  SettledCountsAsWrittenBack,
  SettleWithoutAll,
  SettleWithoutComparing,
  MarksStayBehind,
  PurgeUnchecked,
};

struct BugRow {
  Bug bug;
  std::string_view name;
  std::string_view what;  ///< what goes wrong, one line
};

/// Every bug with its name, without None.
std::span<const BugRow> allBugs();
std::optional<Bug> bugNamed(std::string_view name);

}  // namespace mydht::model
