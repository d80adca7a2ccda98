// Proves that a Result is a value or an error and never both, that asking for the wrong one ends the process in every
// build, and that errors keep their kind while they gain context.

#include "common/result/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace mydht {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{Kind::BadRequest, "odd"};
  return number / 2;
}

TEST(Result, IsItsValue) {
  const Result<int> result = half(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, 4);
}

TEST(Result, IsItsError) {
  const Result<int> result = half(7);
  ASSERT_FALSE(result.ok());
  EXPECT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(result.error().kind, Kind::BadRequest);
  EXPECT_EQ(result.error().text, "odd");
}

TEST(Result, AnEmptyValueIsNotAnError) {
  const Result<std::string> result = std::string();
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(*result, "");
}

TEST(Result, LetsItsValueBeMovedOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, LetsItsValueBeChanged) {
  Result<std::string> result = std::string("ab");
  result->push_back('c');
  *result += "d";
  EXPECT_EQ(result.value(), "abcd");
}

TEST(Status, IsDoneUnlessItSaysWhyNot) {
  EXPECT_TRUE(Status().ok());
  const Status failed = Error{Kind::NoSpace, "full"};
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().kind, Kind::NoSpace);
}

TEST(Error, GainsContextInFrontAndKeepsItsKind) {
  const Error error = Error{Kind::NoSpace, "no space left"}.within("open value file 3f").within("read entry k");
  EXPECT_EQ(error.kind, Kind::NoSpace);
  EXPECT_EQ(error.text, "read entry k: open value file 3f: no space left");
}

TEST(ResultDeath, AskingAnErrorForItsValueEndsTheProcess) {
  const Result<int> result = half(7);
  EXPECT_DEATH(static_cast<void>(result.value()), "broken invariant");
}

TEST(ResultDeath, AskingAValueForItsErrorEndsTheProcess) {
  const Result<int> result = half(8);
  const Status done;
  EXPECT_DEATH(static_cast<void>(result.error()), "broken invariant");
  EXPECT_DEATH(static_cast<void>(done.error()), "broken invariant");
}

TEST(KindName, IsDifferentForEachKindAndNeverEmpty) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(Kind::Stopped); ++kind) {
    const std::string_view name = kindName(static_cast<Kind>(kind));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(kindName(Kind::NotDone), "not-done");
  EXPECT_EQ(kindName(Kind::Unknown), "unknown");
}

TEST(AssertDeath, SaysWhatIsBrokenAndWhere) {
  EXPECT_DEATH(MYDHT_ASSERT(1 + 1 == 3), "result_test.cpp:[0-9]+: broken invariant: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace mydht
