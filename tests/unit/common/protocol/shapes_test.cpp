// Proves that what a server prints a client reads back, keys of any bytes included, and that wrong JSON is refused and
// never throws. How: fixed texts, random values there and back, and every member of a shape taken away or given another
// type.

#include "common/protocol/shapes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "common/result/limits.h"

namespace mydht::protocol {
namespace {

using std::string;

RingStatus sample() {
  RingStatus status;
  status.self = 1;
  status.selfName = "localhost:50140";
  status.programVersion = "0.1.0";
  status.ringIdentity = 0xfedcba9876543210;
  status.height = 4;
  status.listHash = 5;
  status.fingerprint = 6;
  status.members = {{1, "localhost:50140", MemberState::Active, 100, "", std::nullopt},
                    {2, "localhost:50141", MemberState::Joining, 250, "a", false}};
  status.keys = 2;
  status.bytes = 18446744073709551615U;
  status.firstKeys = {"a b", "\xff"};
  return status;
}

TEST(ShapesTest, AStatusIsPrintedAsDocumented) {
  EXPECT_EQ(toJson(sample()),
            R"({"self":"0000000000000001","selfName":"localhost:50140","programVersion":"0.1.0",)"
            R"("ringIdentity":"fedcba9876543210","height":4,"listHash":"0000000000000005",)"
            R"("fingerprint":"0000000000000006","activeVersions":1,"replicas":3,"members":[)"
            R"({"id":"0000000000000001","name":"localhost:50140","state":"active","weightHundredths":100,"zone":""},)"
            R"({"id":"0000000000000002","name":"localhost:50141","state":"joining","weightHundredths":250,"zone":"a",)"
            R"("lastCallOk":false}],"keys":2,"bytes":18446744073709551615,"firstKeys":[)"
            R"({"key":"a%20b","text":"a b","url":"/a%20b"},{"key":"%FF","url":"/%FF"}]})");
}

TEST(ShapesTest, AStatusComesBack) {
  const Result<RingStatus> back = ringStatusFromJson(toJson(sample()));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, sample());
}

TEST(ShapesTest, WhatSaysNothingIsLeftOutAndComesBackWhereItIsThere) {
  RingStatus status = sample();
  status.copies = 2;
  status.toFill = 7;
  status.trouble = "waits";
  status.members[1].lastError = "refused";
  status.members[1].partitions = 8192;
  const string json = toJson(status);
  for (const char* name : {"copies", "toFill", "trouble", "lastError", "partitions"}) {
    EXPECT_NE(json.find(name), string::npos) << name;
    EXPECT_EQ(toJson(sample()).find(name), string::npos) << name;
  }
  EXPECT_EQ(*ringStatusFromJson(json), status);
}

TEST(ShapesTest, ADiskComesBackAndStandsAsDocumented) {
  RingStatus status = sample();
  status.disk = DiskStatus{"full", 9, 0, 0, 2, 1'500'000, 7, 1, true, 5, 4, 1, 6};
  status.members[1].disk = "failed";
  const string json = toJson(status);
  EXPECT_NE(json.find(R"("disk":{"state":"full","totalBytes":9,"freeBytes":0,"reserveBytes":0,"scrubs":2,)"
                      R"("scrubbed":1.500000,"scrubbedBytes":7,"findings":1,"scrubbing":true,"damaged":5,)"
                      R"("repaired":4,"waiting":1,"damagedTables":6})"),
            string::npos)
      << json;
  EXPECT_NE(json.find(R"("disk":"failed")"), string::npos);
  EXPECT_EQ(*ringStatusFromJson(json), status);
}

TEST(ShapesTest, EachMemberOfAStatusIsNeededAndMustBeOfItsType) {
  const string json = toJson(sample());
  for (const char* name : {"self", "selfName", "programVersion", "ringIdentity", "height", "listHash", "fingerprint",
                           "activeVersions", "replicas", "members", "keys", "bytes", "firstKeys", "id", "name", "state",
                           "weightHundredths", "zone", "key"}) {
    const string quoted = string("\"") + name + "\":";
    const std::size_t at = json.find(quoted);
    ASSERT_NE(at, string::npos) << name;
    string without = json;
    without.replace(at, quoted.size(), "\"other\":");
    EXPECT_FALSE(ringStatusFromJson(without)) << name;
    for (const char* value : {"null", "{}", "true", "-1", "1.5", "\"x%\""}) {
      const bool text = quoted == "\"selfName\":" || quoted == "\"programVersion\":" || quoted == "\"name\":" ||
                        quoted == "\"zone\":";
      if (text && value[0] == '"') continue;
      string wrong = json;
      wrong.replace(at, quoted.size(), quoted + value + ",\"other\":");
      EXPECT_FALSE(ringStatusFromJson(wrong)) << name << " " << value;
    }
  }
}

TEST(ShapesTest, AWhereIsNamesItsNodesInOrder) {
  const WhereIs whereIs{"mykey", 16383, {"localhost:50142", "localhost:50140"}};
  EXPECT_EQ(toJson(whereIs), R"({"key":"mykey","text":"mykey","url":"/mykey","partition":16383,)"
                             R"("nodes":["localhost:50142","localhost:50140"]})");
  EXPECT_EQ(*whereIsFromJson(toJson(whereIs)), whereIs);
  EXPECT_FALSE(whereIsFromJson(R"({"key":"mykey","partition":16384,"nodes":[]})"));
}

TEST(ShapesTest, AMemberThatFillsSaysHowFarItIs) {
  RingStatus status = sample();
  status.members[1].move = Move{8000, 120, 1234, 99, 40};
  const string json = toJson(status);
  EXPECT_NE(json.find(R"("move":{"partitions":8000,"done":120,"bytes":1234,"bytesPerSecond":99,"secondsLeft":40})"),
            string::npos)
      << json;
  EXPECT_EQ(*ringStatusFromJson(json), status);
}

TEST(ShapesTest, AMemberSaysHowEqualItsCopiesAre) {
  RingStatus status = sample();
  status.members[1].agreement = Agreement{1, 2, 3, 40, 5};
  string json = toJson(status);
  const string said = R"("agreement":{"lacking":1,"differing":2,"uncompared":3,"seconds":40,"comparedSecondsAgo":5})";
  ASSERT_NE(json.find(said), string::npos) << json;
  EXPECT_EQ(*ringStatusFromJson(json), status);
  json.replace(json.find(said), said.size(), R"("agreement":{"lacking":1})");
  EXPECT_FALSE(ringStatusFromJson(json)) << "a part of it is missing";
}

TEST(ShapesTest, AMemberSaysHowItsDiskIsWhatIsKeptForItAndThatItsClockIsOff) {
  RingStatus status = sample();
  EXPECT_EQ(toJson(status).find("clockOff\":"), string::npos) << "left out while it is right";
  NodeStatus& member = status.members[1];
  member.diskUse = DiskUse{100, 60, 8, 1'795'169'700'000'000, 2, 1, 3};
  member.tombstones = 9;
  member.hints = 3;
  member.hintsInAll = 13;
  member.tombstonesWait = "down";
  member.tombstonesWaitAt = 2;
  member.clockOff = true;
  string json = toJson(status);
  const string disk = R"("diskUse":{"totalBytes":100,"freeBytes":60,"reserveBytes":8,)"
                      R"("scrubbed":1795169700.000000,"findings":2,"waiting":1,"damagedTables":3})";
  ASSERT_NE(json.find(disk), string::npos) << json;
  for (const char* said :
       {R"("hintsInAll":13)", R"("tombstonesWaitAt":2)", R"("clockOff":true)", R"("tombstones":9)"}) {
    EXPECT_NE(json.find(said), string::npos) << said;
  }
  EXPECT_EQ(*ringStatusFromJson(json), status);
  json.replace(json.find(disk), disk.size(), R"("diskUse":{"totalBytes":100})");
  EXPECT_FALSE(ringStatusFromJson(json)) << "a part of it is missing";
}

TEST(ShapesTest, AMemberIsAliveSuspectOrDown) {
  RingStatus status = sample();
  status.members[1].liveness = Liveness::Suspect;
  string json = toJson(status);
  ASSERT_NE(json.find(R"("liveness":"suspect")"), string::npos) << json;
  EXPECT_EQ(*ringStatusFromJson(json), status);
  status.members[1].liveness = Liveness::Down;
  EXPECT_EQ(*ringStatusFromJson(toJson(status)), status);
  json.replace(json.find("suspect"), 7, "missing");
  EXPECT_FALSE(ringStatusFromJson(json));
}

TEST(ShapesTest, WhatHappenedLatelyComesBack) {
  RingStatus status = sample();
  EXPECT_EQ(toJson(status).find("lately"), string::npos);
  status.lately = {{1'795'169'700'000'001, "WARN", "member.silent", "node=a:1 why=\"<b>\""}, {0, "INFO", "x.y", ""}};
  const string json = toJson(status);
  EXPECT_NE(json.find(R"("lately":[{"at":1795169700.000001,"severity":"WARN","event":"member.silent",)"), string::npos)
      << json;
  EXPECT_EQ(*ringStatusFromJson(json), status);
}

TEST(ShapesTest, AnActionOnTheRingComesBack) {
  const RingAction forced{"remove", {"a:1", "b:2"}, 17};
  EXPECT_EQ(*ringActionFromJson(toJson(forced)), forced);
  const RingAction asked{"remove", {"a:1"}, 3, Forecast{4, 5, 6, 7, "a:1 is up"}};
  const string json = toJson(asked);
  EXPECT_NE(json.find(R"("dryRun":{"partitions":4,"copies":5,"least":6,"bytes":7,"refused":"a:1 is up"})"),
            string::npos)
      << json;
  EXPECT_EQ(*ringActionFromJson(json), asked);
  EXPECT_FALSE(ringActionFromJson(R"({"action":"leave","nodes":[],"dryRun":{"copies":5}})")) << "a part is missing";
  const RingAction plain{"leave", {"a:1"}, 0};
  EXPECT_EQ(toJson(plain), R"({"action":"leave","nodes":["a:1"]})");
  EXPECT_EQ(*ringActionFromJson(toJson(plain)), plain);
  EXPECT_FALSE(ringActionFromJson(R"({"nodes":[]})"));
}

TEST(ShapesTest, WhatAMemberSaysOfItselfAndTheTrafficComeBack) {
  RingStatus status = sample();
  NodeStatus& member = status.members[1];
  member.keys = 0;
  member.bytes = 12;
  member.toFill = 0;
  member.uptimeSeconds = 61;
  member.clockOffsetMicros = -1500;
  member.fingerprint = 0xff;
  member.version = "0.1.0";
  status.traffic = Traffic{5, {1, 2}, {3, 18446744073709551615U}, {}};
  const string json = toJson(status);
  EXPECT_NE(json.find(R"("keys":0,"bytes":12,"toFill":0,"uptimeSeconds":61,"clockOffsetMicros":-1500,)"
                      R"("fingerprint":"00000000000000ff","version":"0.1.0"})"),
            string::npos)
      << json;
  EXPECT_NE(json.find(R"("traffic":{"secondsPerStep":5,"requests":[1,2],"bytesIn":[3,18446744073709551615],)"
                      R"("bytesOut":[]})"),
            string::npos)
      << json;
  EXPECT_EQ(*ringStatusFromJson(json), status);
  for (const char* name : {"uptimeSeconds", "clockOffsetMicros", "version", "traffic"}) {
    EXPECT_EQ(toJson(sample()).find(string("\"") + name + "\":"), string::npos) << name;
  }
  for (const char* name : {"uptimeSeconds", "clockOffsetMicros", "fingerprint", "version", "traffic", "requests"}) {
    string wrong = json;
    const string quoted = string("\"") + name + "\":";
    wrong.replace(wrong.rfind(quoted), quoted.size(), quoted + "true,\"other\":");
    EXPECT_FALSE(ringStatusFromJson(wrong)) << name;
  }
}

Listing sampleListing() {
  return {{{"a b", 5, 1'795'169'700'000'001, "00ff", "text/plain"}, {"\xff", 0, 0, "", ""}}, {"p/", "\xfe/"}, "z z"};
}

TEST(ShapesTest, AListingIsPrintedAsDocumentedAndComesBack) {
  const string json = toJson(sampleListing());
  EXPECT_EQ(json, R"({"keys":[{"key":"a%20b","text":"a b","url":"/a%20b","size":5,"modified":1795169700.000001,)"
                  R"("sha256":"00ff","type":"text/plain"},)"
                  R"({"key":"%FF","url":"/%FF","size":0,"modified":0.000000,"sha256":""}],)"
                  R"("prefixes":[{"prefix":"p/","text":"p/"},{"prefix":"%FE/"}],"next":"z%20z"})");
  EXPECT_EQ(*listingFromJson(json), sampleListing());
  EXPECT_EQ(toJson(Listing()), R"({"keys":[],"prefixes":[]})");
  EXPECT_EQ(*listingFromJson(toJson(Listing())), Listing());
}

TEST(ShapesTest, EachMemberOfAListingIsNeededAndMustBeOfItsType) {
  const string json = toJson(sampleListing());
  for (const char* name : {"keys", "key", "size", "modified", "sha256", "prefixes", "prefix"}) {
    const string quoted = string("\"") + name + "\":";
    string without = json;
    without.replace(json.find(quoted), quoted.size(), "\"other\":");
    EXPECT_FALSE(listingFromJson(without)) << name;
    string wrong = json;
    wrong.replace(json.find(quoted), quoted.size(), quoted + "true,\"other\":");
    EXPECT_FALSE(listingFromJson(wrong)) << name;
  }
  EXPECT_FALSE(listingFromJson(R"({"keys":[],"prefixes":[],"next":"%"})"));
}

TEST(ShapesTest, TheLongestPageThereCanBeIsRead) {
  // 256 KiB of the keys that grow most when they are printed, and the longest content types, as the server makes them.
  Listing listing;
  for (int i = 0; i < 1000; ++i) {
    listing.keys.push_back({string(262, '\1'), 1, limits::kLastMicros, string(64, 'f'), string(255, '\1')});
  }
  const string json = toJson(listing);
  EXPECT_LT(json.size(), kListingBytes);
  EXPECT_TRUE(listingFromJson(json));
}

RC_GTEST_PROP(ShapesTest, AnyKeyOfAListingComesBack, (const string& key, std::uint64_t size)) {
  const auto micros = *rc::gen::inRange<std::int64_t>(0, 4'294'967'295'000'000);  // doubles have them all
  const Listing listing{{{key, size, micros, "00ff", ""}}, {key}, key};
  const Result<Listing> back = listingFromJson(toJson(listing));
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == listing);
}

RC_GTEST_PROP(ShapesTest, AnyKeyComesBack, (const string& key, bool found, std::uint64_t random, std::uint64_t size)) {
  const auto micros = static_cast<std::int64_t>(random >> 1);
  const HasKey hasKey{key, found, micros, size, "00ff"};
  const Result<HasKey> back = hasKeyFromJson(toJson(hasKey));
  RC_ASSERT(back.ok());
  RC_ASSERT(*back == hasKey);
}

RC_GTEST_PROP(ShapesTest, JsonWithAnyByteChangedIsReadOrRefusedAndNeverThrows, ()) {
  string json = toJson(sample());
  const std::size_t at = *rc::gen::inRange<std::size_t>(0, json.size());
  json[at] = *rc::gen::arbitrary<char>();
  const Result<RingStatus> read = ringStatusFromJson(json);
  const bool readOrRefused = read.ok() || read.error().kind == Kind::BadRequest;
  RC_ASSERT(readOrRefused);
}

TEST(ShapesTest, StatesHaveTheirNames) {
  EXPECT_EQ(memberStateText(MemberState::Leaving), "leaving");
  EXPECT_EQ(memberStateText(MemberState::Gone), "gone");
  EXPECT_EQ(memberStateText(MemberState::Removed), "removed");
}

}  // namespace
}  // namespace mydht::protocol
