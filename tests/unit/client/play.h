#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/client/client_process.h"
#include "tests/unit/client/scripted_server.h"

namespace mydht::client {

/// Runs a command against a server that gives these answers.
struct Play {
  explicit Play(std::vector<Scene> scenes) : server(std::move(scenes)) {}

  Ran run(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), {"-h", "127.0.0.1", "-p", std::to_string(server.port())});
    return runClient(words, input);
  }

  ScriptedServer server;
};

inline Scene answers(std::string answer) {
  return {.answer = std::move(answer)};
}

inline void expectOutput(const Ran& ran, const std::string& out) {
  EXPECT_EQ(ran.out, out);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.exit, 0);
}

inline void expectError(const Ran& ran, const std::string& err, int exit = 1) {
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, err);
  EXPECT_EQ(ran.exit, exit);
}

}  // namespace mydht::client
