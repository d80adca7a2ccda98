// Proves that what the store acknowledged survives a power cut, whenever the power goes: before and after each sync,
// rename and removal of a workload, of the first start in an empty directory, and of recovery itself, twice in a row;
// that everything else is absent or whole; and that entries, values' files, listing, counts, sums and marks fit
// together, whatever a disk keeps of what was not synced: nothing, names alone, torn ends with other bytes behind them,
// pages here and there, everything. How: all that the real store on the real disk does to its files is recorded and
// played to a disk that tells what was synced from what was not; at each point what such a disk may leave is built in
// another directory, and a store is opened on it and looked through. That the test can fail is tried with syncs of each
// kind left out. MYDHT_CUTS=N looks at everything N times, each time with other parts kept.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/support/files/temp_directory.h"
#include "tests/unit/server/store_power_cut/cut_disk.h"
#include "tests/unit/server/store_power_cut/workload.h"

namespace mydht {
namespace {

using support::TempDirectory;
using DiskKind = DiskEvent::Kind;

constexpr int kRounds = 12;
constexpr std::size_t kMostToTell = 5;

/// What was done, event by event, from a state in which `history` was asked and acknowledged already.
struct Recorded {
  std::size_t begins = 0;  ///< before this event everything was as it was synced
  std::vector<DiskEvent> events;
  std::vector<Mark> marks;
  History before;
};

/// What was found at the cuts.
struct Judged {
  std::size_t cuts = 0;
  std::vector<std::string> wrong;
};

void play(const Recorded& recorded, const DiskEvent& event, CutDisk& disk, History& history) {
  disk.apply(event);
  if (event.kind != DiskKind::Mark) return;
  const Mark& mark = recorded.marks[static_cast<std::size_t>(event.number)];
  if (mark.acknowledged) {
    history.acknowledge(mark.asked, mark.batch);
  } else {
    history.begin(mark.asked);
  }
}

/// Where the power goes: looks at what is left.
class Judge {
 public:
  explicit Judge(CutDisk::Lies lies = nullptr, unsigned seed = 1)
      : lies_(std::move(lies)), random_(seed), turn_(seed) {}

  /// Cuts at every sync, rename and removal, before and after it; until `most` wrong ones.
  Judged all(const Recorded& recorded, std::size_t most = kMostToTell) {
    CutDisk disk(lies_);
    History history = recorded.before;
    Judged judged;
    for (std::size_t i = 0; i < recorded.events.size() && judged.wrong.size() < most; ++i) {
      const DiskEvent& event = recorded.events[i];
      if (i < recorded.begins) {
        disk.apply(event);
        continue;
      }
      const bool names = event.kind == DiskKind::Rename || event.kind == DiskKind::Remove;
      const bool begins = event.kind == DiskKind::SyncBegins || event.kind == DiskKind::Flush;
      if (names || begins) cut(disk, history, byTurns(), i, judged);
      // One write in a hundred, and the engine's own care for its torn end is not enough.
      if (begins && isFileList(disk, event)) cut(disk, history, Kept::TornGarbage, i, judged);
      play(recorded, event, disk, history);
      if (names) cut(disk, history, byTurns(), i, judged);
      if (event.kind == DiskKind::Sync) cut(disk, history, Kept::Nothing, i, judged);
    }
    return judged;
  }

 private:
  Kept byTurns() { return kEveryKept[turn_++ % kEveryKept.size()]; }
  static bool isFileList(const CutDisk& disk, const DiskEvent& event) {
    return disk.madeAs(event.node).starts_with("rows/MANIFEST");
  }
  void cut(const CutDisk& disk, const History& history, Kept kept, std::size_t event, Judged& judged) {
    const TempDirectory left;
    disk.build(left.path(), kept, random_);
    ++judged.cuts;
    RealStore real(left.path());
    std::string wrong = wrongWithStore(real, history, left.path());
    if (wrong.empty()) return;
    judged.wrong.push_back("cut at event " + std::to_string(event) + ", which keeps " + nameOf(kept) + ", after " +
                           std::to_string(history.acknowledged()) + " acknowledgements: " + wrong);
  }

  CutDisk::Lies lies_;
  std::mt19937 random_;
  std::size_t turn_;
};

/// From an empty directory on.
Recorded recordWorkload() {
  const TempDirectory directory;
  Recorded recorded;
  recorded.begins = startRecording(directory.path());
  {
    RealStore real(directory.path());
    MYDHT_ASSERT(real.error().empty());
    Workload(real, recorded.marks).run(kRounds);
  }
  recorded.events = stopRecording();
  return recorded;
}

const Recorded& workload() {
  static const Recorded recorded = recordWorkload();
  return recorded;
}

void expectNothingWrong(const Judged& judged, const char* what) {
  for (const std::string& wrong : judged.wrong) ADD_FAILURE() << what << ": " << wrong;
  std::printf("%s: %zu cuts\n", what, judged.cuts);
}

unsigned timesWanted() {
  const char* const wanted = std::getenv("MYDHT_CUTS");
  return wanted == nullptr ? 1 : static_cast<unsigned>(std::strtoul(wanted, nullptr, 10));
}

TEST(StorePowerCut, WhatWasAcknowledgedIsThereAndTheRestIsAbsentOrWholeAtEverySyncPoint) {
  for (unsigned time = 1; time <= timesWanted(); ++time) {
    const Judged judged = Judge(nullptr, time).all(workload());
    EXPECT_GE(judged.cuts, 400U);
    expectNothingWrong(judged, "workload");
  }
}

/// A start on what a cut before a sync has left, that many hundredths of the way through, and a round of work after it.
Recorded recordRecovery(const Recorded& recorded, std::size_t hundredths, Kept kept, int rounds) {
  constexpr std::int64_t kNextVersion = 1'000'000;
  CutDisk disk;
  Recorded next;
  next.before = recorded.before;
  std::mt19937 random(static_cast<unsigned>(hundredths));
  const std::size_t wanted = recorded.begins + (recorded.events.size() - recorded.begins) * hundredths / 100;
  for (std::size_t i = 0; i < wanted || recorded.events[i].kind != DiskKind::SyncBegins; ++i) {
    play(recorded, recorded.events[i], disk, next.before);
  }
  const TempDirectory directory;
  disk.build(directory.path(), kept, random);
  next.begins = startRecording(directory.path());
  {
    RealStore real(directory.path());
    EXPECT_EQ(real.error(), "");
    if (real.error().empty()) Workload(real, next.marks, kNextVersion).run(rounds);
  }
  next.events = stopRecording();
  return next;
}

TEST(StorePowerCut, RecoveryIsCutAtEverySyncPointTwiceInARow) {
  struct Base {
    std::size_t hundredths;
    Kept kept;
  };
  for (unsigned time = 1; time <= timesWanted(); ++time) {
    for (const Base base : {Base{45, Kept::TornGarbage}, Base{70, Kept::Everything}, Base{95, Kept::Mixture}}) {
      const Recorded first = recordRecovery(workload(), base.hundredths + time - 1, base.kept, 1);
      expectNothingWrong(Judge(nullptr, time).all(first), "recovery");
      const Recorded second = recordRecovery(first, base.hundredths / 2, Kept::Mixture, 0);
      expectNothingWrong(Judge(nullptr, time).all(second), "recovery of a recovery");
    }
  }
}

TEST(StorePowerCut, ADiskThatOnlySaysThatItSyncedIsFoundOut) {
  struct Liar {
    const char* of;
    CutDisk::Lies lies;
  };
  const auto ending = [](const char* end) {
    return [end](const std::string& path, bool) { return path.ends_with(end); };
  };
  const auto below = [](const char* begin, bool directories) {
    return [=](const std::string& path, bool isDirectory) {
      return isDirectory == directories && path.starts_with(begin);
    };
  };
  const std::vector<Liar> liars{{"the log", ending(".log")},
                                {"tables", ending(".sst")},
                                {"the list of files", below("rows/MANIFEST", false)},
                                {"values", below("blobs/", false)},
                                {"the names of values", below("blobs/", true)},
                                {"the names of rows", below("rows", true)},
                                {"the directory", below("", true)}};
  for (const Liar& liar : liars) EXPECT_FALSE(Judge(liar.lies).all(workload(), 1).wrong.empty()) << liar.of;
}

}  // namespace
}  // namespace mydht
