// Proves that a log which ends in one unfinished write is told from one that lost something acknowledged. How: a real
// disk writes a log of small and of large records, which span blocks; copies of its bytes are harmed in every way that
// docs/storage-format.md lists, and each is judged. Then RocksDisk itself is opened on harmed logs.

#include "server/disk/log_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/files/temp_directory.h"
#include "tests/unit/server/disk/real_disk.h"

namespace mydht::disk {
namespace {

namespace fs = boost::filesystem;

Task<> commitRows(RocksDisk& disk, int count, std::size_t bytes) {
  for (int i = 0; i < count; ++i) {
    Batch batch;
    batch.rows.emplace_back("row" + std::to_string(disk.lastSynced() + 1), Bytes(std::string(bytes, 'v')));
    auto done = co_await disk.commit(std::move(batch));
    MYDHT_ASSERT(done.ok());
  }
}

std::string newestLog(const std::string& directory) {
  std::string newest;
  for (const auto& entry : fs::directory_iterator(directory + "/rows")) {
    if (entry.path().extension() == ".log") newest = std::max(newest, entry.path().string());
  }
  return newest;
}

std::string bytesOf(const std::string& path) {
  auto bytes = readWholeFile(path);
  MYDHT_ASSERT(bytes.ok());
  return *bytes;
}

struct Place {
  std::size_t offset;
  std::size_t length;  // header included
  int type;
};

/// Where the fragments of an unharmed log are.
std::vector<Place> fragmentsOf(const std::string& log) {
  std::vector<Place> places;
  for (std::size_t at = 0; at + 7 <= log.size();) {
    if (32768 - at % 32768 < 7) {
      at = (at / 32768 + 1) * 32768;
      continue;
    }
    const auto byte = [&log, at](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(log[at + i]));
    };
    places.push_back({at, 7 + byte(4) + 256 * byte(5), static_cast<int>(byte(6))});
    at += places.back().length;
  }
  return places;
}

class LogCheck : public testing::Test {
 protected:
  /// A log of small records, then large ones, then small ones.
  LogCheck() {
    RealDisk real(directory_.path());
    real.run(commitRows(real.disk(), 10, 200));
    real.run(commitRows(real.disk(), 3, 100'000));
    real.run(commitRows(real.disk(), 10, 200));
    real.close();
    path_ = newestLog(directory_.path());
    log_ = bytesOf(path_);
    places_ = fragmentsOf(log_);
    MYDHT_ASSERT(places_.size() > 25);
  }
  std::string listOfFiles() {
    std::string name = bytesOf(directory_.path() + "/rows/CURRENT");
    name.pop_back();
    return directory_.path() + "/rows/" + name;
  }
  LogState stateOf(const std::string& bytes) { return checkLog(bytes).state; }
  std::string flipped(std::size_t at) {
    std::string harmed = log_;
    harmed[at] = static_cast<char>(harmed[at] ^ 4);
    return harmed;
  }
  std::string zeroed(std::size_t from, std::size_t length) {
    std::string harmed = log_;
    std::fill_n(harmed.begin() + static_cast<std::ptrdiff_t>(from), length, '\0');
    return harmed;
  }
  /// The log up to and including its last large record, whose fragments are given.
  std::vector<Place> lastLarge() {
    std::vector<Place> fragments;
    for (const Place& place : places_) {
      if (place.type == 2) fragments.clear();
      if (place.type != 1) fragments.push_back(place);
    }
    return fragments;
  }

  support::TempDirectory directory_;
  std::string path_;
  std::string log_;
  std::vector<Place> places_;
};

TEST(LogCheckOfManyRecords, ARecordWhoseHeadIsCutByABlocksEndIsWhole) {
  const support::TempDirectory directory;
  RealDisk real(directory.path());
  const auto written = [&directory] { return bytesOf(newestLog(directory.path())).size(); };
  const auto left = [&written] { return 32768 - written() % 32768; };
  real.run(commitRows(real.disk(), 20, 1000));
  const std::size_t before = written();
  real.run(commitRows(real.disk(), 1, 1000));
  const std::size_t around = written() - before - 1000;
  while (left() > 5000 || left() < 1500) real.run(commitRows(real.disk(), 1, 1000));
  // This one ends 10 bytes before the block does: 7 of the next header and 3 of the next record's head fit in.
  real.run(commitRows(real.disk(), 1, left() - 10 - around));
  ASSERT_EQ(left(), 10U);
  real.run(commitRows(real.disk(), 2, 1000));
  real.close();
  const std::string log = bytesOf(newestLog(directory.path()));
  const auto places = fragmentsOf(log);
  const auto isCut = [](const Place& place) { return place.type == 2 && place.length < 7 + 12; };
  ASSERT_TRUE(std::any_of(places.begin(), places.end(), isCut));
  EXPECT_EQ(checkLog(log).state, LogState::Whole) << checkLog(log).offset;
  for (const Place& place : places) {
    if (isCut(place)) EXPECT_EQ(checkLog(log.substr(0, place.offset + place.length)).state, LogState::Torn);
  }
}

TEST_F(LogCheck, AnUnharmedLogIsWhole) {
  EXPECT_EQ(stateOf(log_), LogState::Whole);
  EXPECT_EQ(stateOf(log_ + std::string(50'000, '\0')), LogState::Whole);
  EXPECT_EQ(stateOf(""), LogState::Whole);
}

TEST_F(LogCheck, ALogCutInsideItsLastRecordIsTornAndBetweenRecordsWhole) {
  const Place last = places_.back();
  for (std::size_t cut = 1; cut < last.length; ++cut) {
    EXPECT_EQ(stateOf(log_.substr(0, log_.size() - cut)), LogState::Torn) << cut;
  }
  EXPECT_EQ(stateOf(log_.substr(0, last.offset)), LogState::Whole);
}

TEST_F(LogCheck, ALastRecordThatWasWrittenInPartIsTorn) {
  const Place last = places_.back();
  EXPECT_EQ(stateOf(zeroed(last.offset + 100, last.length - 100)), LogState::Torn);
  EXPECT_EQ(stateOf(zeroed(last.offset, 50)), LogState::Torn);
  for (std::size_t i = 0; i < last.length; ++i) EXPECT_EQ(stateOf(flipped(last.offset + i)), LogState::Torn) << i;
}

TEST_F(LogCheck, ALargeLastRecordOfWhichOnlyLaterPiecesWereWrittenIsTorn) {
  const auto fragments = lastLarge();
  ASSERT_GE(fragments.size(), 3U);
  const std::size_t end = fragments.back().offset + fragments.back().length;
  for (const Place& lost : fragments) {
    EXPECT_EQ(stateOf(zeroed(lost.offset, lost.length).substr(0, end)), LogState::Torn) << lost.offset;
  }
  EXPECT_EQ(stateOf(log_.substr(0, fragments.back().offset)), LogState::Torn);
}

TEST_F(LogCheck, AnyHarmBeforeTheLastRecordIsDamage) {
  for (std::size_t i = 0; i + 1 < places_.size(); ++i) {
    const Place place = places_[i];
    for (const std::size_t at : {std::size_t{0}, std::size_t{4}, std::size_t{5}, std::size_t{6}, place.length - 1}) {
      EXPECT_EQ(stateOf(flipped(place.offset + at)), LogState::Damaged) << i << " at " << at;
    }
    EXPECT_EQ(stateOf(zeroed(place.offset, place.length)), LogState::Damaged) << i;
  }
}

TEST_F(LogCheck, ARecordCutOutOfTheMiddleIsDamage) {
  ASSERT_EQ(places_[5].type, 1);
  std::string harmed = log_;
  harmed.erase(places_[5].offset, places_[5].length);
  EXPECT_EQ(stateOf(harmed), LogState::Damaged);
}

TEST_F(LogCheck, ADiskWithATornLogOpensWithoutTheTornBatchAlone) {
  const Place last = places_.back();
  std::ofstream(path_, std::ios::binary) << zeroed(last.offset + 20, last.length - 20);
  RealDisk real(directory_.path());
  ASSERT_TRUE(real.isOpen()) << real.error().text;
  EXPECT_EQ(real.disk().lastSynced(), 22U);
  auto lost = real.run(real.disk().get("row23", Deadline::max()));
  EXPECT_TRUE(lost.ok() && !*lost);
  auto kept = real.run(real.disk().get("row22", Deadline::max()));
  EXPECT_TRUE(kept.ok() && *kept);
}

TEST_F(LogCheck, ADiskWithADamagedLogIsRefusedInOneLineThatNamesTheFile) {
  std::ofstream(path_, std::ios::binary) << zeroed(places_[5].offset, places_[5].length);
  const RealDisk real(directory_.path());
  ASSERT_FALSE(real.isOpen());
  EXPECT_EQ(real.error().kind, Kind::Corrupt);
  EXPECT_NE(real.error().text.find(path_), std::string::npos) << real.error().text;
  EXPECT_EQ(real.error().text.find('\n'), std::string::npos);
}

/// RocksDB by itself would refuse it: its list of files has a bad place.
TEST_F(LogCheck, ADiskWhoseListOfFilesEndsInAnUnfinishedWriteOpensWithAllRows) {
  const std::string list = listOfFiles();
  std::ofstream(list, std::ios::binary | std::ios::app) << std::string(7, '\1') + "bytes of something else";
  RealDisk real(directory_.path());
  ASSERT_TRUE(real.isOpen()) << real.error().text;
  EXPECT_EQ(real.disk().lastSynced(), 23U);
}

TEST_F(LogCheck, ADiskWhoseListOfFilesIsDamagedBeforeItsEndIsRefused) {
  const std::string list = listOfFiles();
  std::string bytes = bytesOf(list);
  bytes[10] ^= 1;
  std::ofstream(list, std::ios::binary) << bytes;
  const RealDisk real(directory_.path());
  ASSERT_FALSE(real.isOpen());
  EXPECT_EQ(real.error().kind, Kind::Corrupt);
  EXPECT_NE(real.error().text.find("start empty"), std::string::npos) << real.error().text;
}

}  // namespace
}  // namespace mydht::disk
