// Proves on a real ring of three nodes that whole folders go there and come back, by the seed's example and under a
// prefix, that listings see every key of the ring in order from any node, and that the next node is asked when one is
// dead. Real processes.
#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/support/processes/cluster_of_processes.h"

namespace mydht {
namespace {

namespace fs = boost::filesystem;
using support::ClusterOfProcesses;
using support::Finished;

class ClientFolders : public ::testing::Test {
 protected:
  /// Runs the client in the cluster's directory.
  Finished run(const std::string& nodes, std::vector<std::string> words) {
    words.insert(words.begin(), {support::programPath("mydhtclient"), "-h", nodes});
    return support::runToEnd(std::move(words), cluster_.directory());
  }

  std::string done(std::size_t node, std::vector<std::string> words) {
    const Finished finished = run(cluster_.hostPort(node), std::move(words));
    EXPECT_EQ(finished.status, 0) << finished.errors;
    EXPECT_EQ(finished.errors, "");
    return finished.output;
  }

  void write(const std::string& name, const std::string& content) {
    const fs::path path = fs::path(cluster_.directory()) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path.string(), std::ios::binary) << content;
  }

  std::map<std::string, std::string> contentOf(const std::string& folder) {
    const fs::path top = fs::path(cluster_.directory()) / folder;
    std::map<std::string, std::string> content;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(top)) {
      if (!fs::is_regular_file(entry.path())) continue;
      std::ifstream file(entry.path().string(), std::ios::binary);
      content[fs::relative(entry.path(), top).string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return content;
  }

  ClusterOfProcesses cluster_{3};
};

TEST_F(ClientFolders, TheExampleFolderGoesByItsNamesAndComesBackEqual) {
  write("upload/letter.txt", "Dear whoever finds this");
  write("upload/noise.bin", std::string(300'000, '\x90'));
  write("upload/sub/empty", "");
  EXPECT_EQ(done(0, {"upload", "upload"}), "UPLOAD OK 6 stored, 0 equal, 293.0 KiB\n");
  EXPECT_EQ(done(1, {"get", "key for letter.txt"}), "letter.txt\n");
  EXPECT_EQ(done(2, {"ls"}),
            "key for letter.txt\nkey for noise.bin\nkey for sub/empty\nletter.txt\nnoise.bin\nsub/empty\n");
  EXPECT_EQ(done(1, {"download"}), "DOWNLOAD OK 3 fetched, 0 equal, 293.0 KiB\n");
  EXPECT_EQ(contentOf("download"), contentOf("upload"));
  EXPECT_EQ(done(2, {"upload", "upload"}), "UPLOAD OK 0 stored, 6 equal, 0 B\n");
  EXPECT_EQ(done(2, {"download"}), "DOWNLOAD OK 0 fetched, 3 equal, 0 B\n");
}

TEST_F(ClientFolders, AFolderUnderAPrefixComesBackEqualAndIsListedInOrder) {
  std::string expected;
  for (int i = 100; i < 250; ++i) {
    const std::string name = std::to_string(i) + (i % 2 == 0 ? ".txt" : " \xc3\xa4?%/x");
    write("photos/" + name, "content of " + name);
    expected += "p/" + name + "\n";
  }
  EXPECT_EQ(done(0, {"upload", "photos", "p/", "-q"}), "");
  EXPECT_EQ(done(1, {"put", "q", "v"}), "PUT OK q\n");
  for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(done(node, {"ls", "p/"}), expected);
  EXPECT_EQ(done(1, {"ls", "--delimiter", "/"}), "p/\nq\n");
  EXPECT_EQ(done(1, {"ls", "p/", "--limit", "2"}),
            expected.substr(0, expected.find('\n', expected.find('\n') + 1) + 1));
  EXPECT_EQ(done(2, {"download", "p/", "back"}).substr(0, 31), "DOWNLOAD OK 150 fetched, 0 equa");
  EXPECT_EQ(contentOf("back"), contentOf("photos"));
}

TEST_F(ClientFolders, TheNextNodeIsAskedWhenOneIsDead) {
  write("a/1", "one");
  write("a/2", "two");
  const std::string nodes = cluster_.hostPort(0) + "," + cluster_.hostPort(1) + "," + cluster_.hostPort(2);
  cluster_.kill(0);
  const Finished up = run(nodes, {"upload", "a", "p/"});
  EXPECT_EQ(up.output, "UPLOAD OK 2 stored, 0 equal, 6 B\n") << up.errors;
  const Finished down = run(nodes, {"download", "p/", "b"});
  EXPECT_EQ(down.output, "DOWNLOAD OK 2 fetched, 0 equal, 6 B\n") << down.errors;
  EXPECT_EQ(contentOf("b"), contentOf("a"));
}

}  // namespace
}  // namespace mydht
