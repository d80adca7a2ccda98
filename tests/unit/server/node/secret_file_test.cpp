// Proves the secret's file: a new one is random, of one line, for its owner's eyes alone and never in the place of
// another; and a file that gives no secret is refused with what to do about it.
#include "server/node/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "server/node/real_world.h"
#include "tests/support/files/temp_directory.h"

namespace mydht::node {
namespace {

std::string contentOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SecretFile, ANewOneIsOneRandomLineForItsOwnerAlone) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/secret";
  KernelRandom random;
  ASSERT_TRUE(writeNewSecret(path, random));
  ASSERT_TRUE(writeNewSecret(path + "2", random));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const std::string text = contentOf(path);
  EXPECT_EQ(text.size(), 65U);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), 64U);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_NE(text, contentOf(path + "2"));
  const auto read = readSecretFile(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read + '\n', text);
}

TEST(SecretFile, ANewOneNeverTakesTheOldOnesPlace) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/secret";
  std::ofstream(path) << "the ring's\n";
  KernelRandom random;
  const Status written = writeNewSecret(path, random);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, Kind::Conflict);
  EXPECT_NE(written.error().text.find(path), std::string::npos);
  EXPECT_EQ(contentOf(path), "the ring's\n");
}

TEST(SecretFile, ANewOneNeedsItsFolder) {
  KernelRandom random;
  const Status written = writeNewSecret("/nowhere/at/all", random);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, Kind::Io);
  EXPECT_NE(written.error().text.find("No such file"), std::string::npos);
}

TEST(SecretFile, OneThatIsMissingIsAnsweredWithHowToMakeIt) {
  const auto read = readSecretFile("/nowhere/at/all");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().text.find("/nowhere/at/all"), std::string::npos);
  EXPECT_NE(read.error().text.find("--new-secret"), std::string::npos);
}

TEST(SecretFile, AnEmptyFirstLineIsNoSecret) {
  const support::TempDirectory directory;
  const std::string path = directory.path() + "/secret";
  std::ofstream(path) << " \nsecond line\n";
  const auto read = readSecretFile(path);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().text.find("first line is empty"), std::string::npos);
  EXPECT_FALSE(readSecretFile(directory.path()));
}

}  // namespace
}  // namespace mydht::node
