// Proves that what was found damaged is handed over once, known until it is repaired, and bounded.

#include "server/store/damage.h"

#include <gmock/gmock.h>

#include <string>

#include "common/hash/position.h"

namespace mydht::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Damage, IsHandedOverOnceAndRememberedUntilItIsRepaired) {
  Damage damage;
  damage.note("a");
  damage.note("b");
  damage.note("a");
  EXPECT_THAT(damage.take(), ElementsAre("a", "b"));
  damage.note("a");  // by a read on the way to its repair
  EXPECT_THAT(damage.take(), IsEmpty());
  damage.repaired("a");
  damage.note("a");
  EXPECT_THAT(damage.take(), ElementsAre("a"));
}

TEST(Damage, KnowsThePartitionsOfWhatWasFoundAndIsNotRepaired) {
  Damage damage;
  EXPECT_TRUE(damage.partitions().none());
  damage.note("a");
  PartitionSet expected;
  expected.set(partitionOf("a"));
  EXPECT_EQ(damage.partitions(), expected);
  damage.take();
  EXPECT_EQ(damage.partitions(), expected);
  damage.note("b");
  damage.repaired("a");
  expected.reset();
  expected.set(partitionOf("b"));
  EXPECT_EQ(damage.partitions(), expected);
}

TEST(Damage, OfAScanStaysUntilAScanReadsAllOfThePartitionOrOneOfItsKeysIsRepaired) {
  Damage damage;
  damage.noteScan(7);
  damage.noteScan(partitionOf("a"));
  EXPECT_TRUE(damage.takeScan());
  EXPECT_FALSE(damage.takeScan());
  PartitionSet expected;
  expected.set(7);
  expected.set(partitionOf("a"));
  EXPECT_EQ(damage.partitions(), expected);
  damage.repaired("a");
  expected.reset(partitionOf("a"));
  EXPECT_EQ(damage.partitions(), expected);
  damage.noteSound(7);
  EXPECT_TRUE(damage.partitions().none());
}

TEST(Damage, IsBounded) {
  Damage damage;
  for (unsigned i = 0; i < 3000; ++i) damage.note("first" + std::to_string(i));
  damage.take();
  for (unsigned i = 0; i < 3000; ++i) damage.note("then" + std::to_string(i));
  EXPECT_THAT(damage.take(), SizeIs(4096 - 3000));
}

}  // namespace
}  // namespace mydht::store
