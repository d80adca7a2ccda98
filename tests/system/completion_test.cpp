// Proves that bash completes the client's commands, options, keys and nodes, as its user sees it: a real bash on a
// pseudo-terminal, the completion file as it is installed, one real node.
#include <gtest/gtest.h>

#include "tests/support/processes/cluster_of_processes.h"
#include "tests/support/processes/terminal.h"

namespace mydht {
namespace {

using support::ClusterOfProcesses;
using support::Terminal;

/// Bash with nothing in it but the completion, and a node that has keys.
class Completion : public ::testing::Test {
 protected:
  Completion() {
    for (const char* key : {"photos/1.jpg", "photos/my pic.jpg", "greeting", "a:b:c", "its 'own'"}) {
      EXPECT_EQ(cluster_.client(0, {"put", key, "value of " + std::string(key)}).status, 0);
    }
    const std::string bin = support::programPath("mydhtclient");
    bash_.type("bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; PATH=" +
               bin.substr(0, bin.rfind('/')) + ":$PATH; export MYDHT_PORT=" + std::to_string(cluster_.port(0)) +
               "; MYDHT_COMPLETION_SECONDS=30; . '" MYDHT_COMPLETION "'; PS1='rea''dy> '\n");
    EXPECT_TRUE(bash_.awaits("ready> "));
  }

  /// Types the beginning of a line, presses the tabulator, and then return once the line is as it should be.
  void expectCompleted(const std::string& typed, const std::string& completed, const std::string& printed) {
    bash_.type(typed + "\t");
    EXPECT_TRUE(bash_.awaits(completed)) << bash_.printed();
    bash_.type("\n");
    EXPECT_TRUE(bash_.awaits(printed)) << bash_.printed();
    EXPECT_TRUE(bash_.awaits("ready> ")) << bash_.printed();
  }

  ClusterOfProcesses cluster_{1};
  Terminal bash_{{"bash", "--norc", "--noprofile", "-i"}, "/", {}};
};

TEST_F(Completion, OfCommandsOptionsKeysAndNodes) {
  expectCompleted("mydhtclient stat", "mydhtclient status ", "asked localhost:");
  expectCompleted("mydhtclient get greeting --js", "--json ", "\"value\":\"value of greeting\"");
  expectCompleted("mydhtclient get gre", "mydhtclient get greeting ", "value of greeting");
  expectCompleted("mydhtclient get photos/m", "mydhtclient get photos/my\\ pic.jpg ", "value of photos/my pic.jpg");
  expectCompleted("mydhtclient -c get -k a:b", "mydhtclient -c get -k a:b:c ", "value of a:b:c");
  expectCompleted("mydhtclient get its", "mydhtclient get its\\ \\'own\\' ", "value of its 'own'");
  expectCompleted("mydhtclient ls ph", "mydhtclient ls photos/", "photos/1.jpg");
}

}  // namespace
}  // namespace mydht
