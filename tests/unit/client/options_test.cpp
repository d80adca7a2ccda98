// Proves that the command line is read as it always was (-h is the host, -val the value) and in its bare form, that any
// text can be a key or a value, and that wrong usage is refused with one line.

#include "client/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "client/commands/table.h"

namespace mydht::client {
namespace {

using testing::HasSubstr;
using Wish = CommandLine::Wish;

CommandLine parse(std::vector<std::string> words) {
  return parseCommandLine(std::move(words), commands::table());
}

std::string complaintOf(std::vector<std::string> words) {
  const CommandLine line = parse(std::move(words));
  EXPECT_EQ(line.wish, Wish::Wrong);
  EXPECT_EQ(line.complaint.find('\n'), std::string::npos);
  return line.complaint;
}

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    ::unsetenv("MYDHT_HOST");
    ::unsetenv("MYDHT_PORT");
  }
  ~OptionsTest() override {
    ::unsetenv("MYDHT_HOST");
    ::unsetenv("MYDHT_PORT");
  }
};

TEST_F(OptionsTest, AsksLocalhostAtItsPortByDefault) {
  const CommandLine line = parse({"-c", "get", "-k", "mykey"});
  ASSERT_EQ(line.wish, Wish::Run) << line.complaint;
  EXPECT_EQ(line.command->name, "get");
  EXPECT_EQ(line.options.key, "mykey");
  EXPECT_EQ(line.options.nodes, (std::vector<NodeAddress>{{"localhost", 50140}}));
  EXPECT_FALSE(line.options.output.has_value());
  EXPECT_EQ(line.options.patience, std::chrono::seconds(30));
}

TEST_F(OptionsTest, ReadsEveryShortOptionAsItAlwaysWas) {
  const CommandLine line = parse({"-h", "node", "-p", "50141", "-c", "put", "-k", "mykey", "-val", "myvalue"});
  ASSERT_EQ(line.wish, Wish::Run) << line.complaint;
  EXPECT_EQ(line.options.nodes, (std::vector<NodeAddress>{{"node", 50141}}));
  EXPECT_EQ(line.options.value, "myvalue");
}

TEST_F(OptionsTest, ReadsEveryLongOption) {
  const CommandLine put =
      parse({"--host=[::1]", "--port=1", "--command=put", "--key=k", "--file=f", "--secret-file=s", "--timeout=5"});
  ASSERT_EQ(put.wish, Wish::Run) << put.complaint;
  EXPECT_EQ(put.options.nodes, (std::vector<NodeAddress>{{"::1", 1}}));
  EXPECT_EQ(put.options.file, "f");
  EXPECT_EQ(put.options.secretFile, "s");
  EXPECT_EQ(put.options.patience, std::chrono::seconds(5));
  EXPECT_EQ(parse({"put", "k", "--value", "v"}).options.value, "v");
  EXPECT_EQ(parse({"get", "k", "--output", "o"}).options.output, "o");
}

TEST_F(OptionsTest, TakesCommandAndKeyAsBareWords) {
  const CommandLine line = parse({"put", "mykey", "-f", "myfile.bin"});
  ASSERT_EQ(line.wish, Wish::Run) << line.complaint;
  EXPECT_EQ(line.command->name, "put");
  EXPECT_EQ(line.options.key, "mykey");
  EXPECT_EQ(parse({"-p", "1", "get", "mykey"}).options.key, "mykey");
  EXPECT_EQ(parse({"-c", "get", "mykey"}).options.key, "mykey");
  EXPECT_EQ(parse({"get", "-k", "mykey"}).options.key, "mykey");
  EXPECT_EQ(parse({"get", "--", "-mykey"}).options.key, "-mykey");
}

TEST_F(OptionsTest, TakesTheValueAsABareWord) {
  const CommandLine line = parse({"put", "mykey", "my value"});
  ASSERT_EQ(line.wish, Wish::Run) << line.complaint;
  EXPECT_EQ(line.options.key, "mykey");
  EXPECT_EQ(line.options.value, "my value");
  EXPECT_EQ(parse({"put", "-k", "mykey", "v"}).options.value, "v");
  EXPECT_EQ(parse({"put", "-val", "v", "mykey"}).options.key, "mykey");
  EXPECT_EQ(parse({"put", "mykey", ""}).options.value, "");
}

TEST_F(OptionsTest, TakesADashAsTheKeysOfStandardInput) {
  EXPECT_TRUE(parse({"get", "-k", "-"}).options.keysFromInput);
  EXPECT_TRUE(parse({"del", "-", "-0"}).options.keysFromInput);
  EXPECT_TRUE(parse({"del", "-", "-0"}).options.zeroEnds);
  EXPECT_TRUE(parse({"get", "-k", "-", "-o", "-"}).options.keysFromInput);
  EXPECT_FALSE(parse({"get", "-k", "x"}).options.keysFromInput);
}

TEST_F(OptionsTest, TellsWrongUsageAsJsonToWhoAskedForIt) {
  EXPECT_TRUE(parse({"get", "--json", "--nonsense"}).options.json);
  EXPECT_TRUE(parse({"get", "--json"}).options.json);
  EXPECT_FALSE(parse({"get"}).options.json);
}

TEST_F(OptionsTest, TakesAnyTextAsAValueOrKey) {
  for (const char* text : {"", "-5", "--help", "-val", "-c", "--", "[a,b]", "{}", "%%", "a=b", "true", " ", "ä\n"}) {
    const CommandLine line = parse({"-c", "put", "-k", "k", "-val", text});
    ASSERT_EQ(line.wish, Wish::Run) << text << ": " << line.complaint;
    EXPECT_EQ(line.options.value, text);
    if (*text == '\0') continue;
    const CommandLine key = parse({"-c", "get", "-k", text});
    ASSERT_EQ(key.wish, Wish::Run) << text << ": " << key.complaint;
    EXPECT_EQ(key.options.key, text);
  }
}

TEST_F(OptionsTest, TakesHostAndPortFromTheEnvironmentUnlessTheyAreGiven) {
  ::setenv("MYDHT_HOST", "far.example", 1);
  ::setenv("MYDHT_PORT", "50142", 1);
  EXPECT_EQ(parse({"get", "k"}).options.nodes, (std::vector<NodeAddress>{{"far.example", 50142}}));
  EXPECT_EQ(parse({"get", "k", "-p", "1"}).options.nodes, (std::vector<NodeAddress>{{"far.example", 1}}));
  EXPECT_EQ(parse({"get", "k", "-h", "near"}).options.nodes, (std::vector<NodeAddress>{{"near", 50142}}));
  ::setenv("MYDHT_HOST", "a:1,b", 1);
  EXPECT_EQ(parse({"get", "k"}).options.nodes, (std::vector<NodeAddress>{{"a", 1}, {"b", 50142}}));
  ::setenv("MYDHT_SECRET_FILE", "secret", 1);
  EXPECT_EQ(parse({"get", "k"}).options.secretFile, "secret");
  ::unsetenv("MYDHT_SECRET_FILE");
  ::setenv("MYDHT_PORT", "many", 1);
  EXPECT_THAT(complaintOf({"get", "k"}), HasSubstr("'many' is no port"));
}

TEST_F(OptionsTest, ShowsHelpAndVersionWhenAsked) {
  EXPECT_EQ(parse({"--help"}).wish, Wish::Help);
  EXPECT_EQ(parse({"-c", "get", "--help"}).wish, Wish::Help);
  EXPECT_EQ(parse({"--version"}).wish, Wish::Version);
}

TEST_F(OptionsTest, RefusesWrongUsage) {
  EXPECT_THAT(complaintOf({}), HasSubstr("which command"));
  EXPECT_THAT(complaintOf({"-c", "frobnicate"}), HasSubstr("unknown command 'frobnicate'"));
  EXPECT_THAT(complaintOf({"-c", "frobnicate"}), HasSubstr("unknown command 'frobnicate'"));
  EXPECT_THAT(complaintOf({"-c", "get"}), HasSubstr("needs a key"));
  EXPECT_THAT(complaintOf({"-c", "get", "-k", ""}), HasSubstr("needs a key"));
  EXPECT_THAT(complaintOf({"-c", "put", "-k", "k"}), HasSubstr("needs a value"));
  EXPECT_THAT(complaintOf({"-c", "put", "-k", "k", "-val", "v", "-f", "f"}), HasSubstr("not by both"));
  EXPECT_THAT(complaintOf({"put", "k", "v", "-f", "f"}), HasSubstr("not by both"));
  EXPECT_THAT(complaintOf({"-c", "get", "-k", "k", "-val", "v"}), HasSubstr("get takes no -val"));
  EXPECT_THAT(complaintOf({"-c", "get", "-k", "k", "-f", "f"}), HasSubstr("get takes no -f"));
  EXPECT_THAT(complaintOf({"-c", "del", "-k", "k", "-o", "o"}), HasSubstr("takes no -o"));
  EXPECT_THAT(complaintOf({"-c", "get", "-k", "k", "-o", ""}), HasSubstr("needs a name"));
  EXPECT_THAT(complaintOf({"-c", "status", "-k", "k"}), HasSubstr("takes no key"));
  EXPECT_THAT(complaintOf({"get", "k", "more"}), HasSubstr("what is 'more'"));
  EXPECT_THAT(complaintOf({"get", "k", "-p", "many"}), HasSubstr("'many' is no port"));
  EXPECT_THAT(complaintOf({"get", "k", "-p", "65536"}), HasSubstr("is no port"));
  EXPECT_THAT(complaintOf({"get", "k", "-h", "a:x"}), HasSubstr("is no port"));
  EXPECT_THAT(complaintOf({"get", "k", "--timeout", "0"}), HasSubstr("seconds"));
  EXPECT_THAT(complaintOf({"get", "k", "--consistency", "some"}), HasSubstr("quorum"));
  EXPECT_THAT(complaintOf({"get", "k", "-l"}), HasSubstr("get takes no -l"));
  EXPECT_THAT(complaintOf({"put", "-k", "-", "-f", "-"}), HasSubstr("not both"));
  EXPECT_THAT(complaintOf({"get", "-k", "-", "-o", "f"}), HasSubstr("do not go into one file"));
  EXPECT_THAT(complaintOf({"get", "k", "-o", "-", "--json"}), HasSubstr("not both"));
  EXPECT_THAT(complaintOf({"get", "k", "--nonsense"}), HasSubstr("--nonsense"));
  EXPECT_THAT(complaintOf({"get", "-k"}), HasSubstr("--key"));
  EXPECT_THAT(complaintOf({"get", "-k", "a", "-k", "b"}), HasSubstr("--key"));
}

TEST_F(OptionsTest, UsageNamesEveryCommand) {
  const std::string text = usage(commands::table());
  for (const Command& command : commands::table()) {
    EXPECT_THAT(text, HasSubstr("\n  " + std::string(command.name) + " ")) << command.name;
    EXPECT_THAT(text, HasSubstr(std::string(command.help)));
  }
}

}  // namespace
}  // namespace mydht::client
