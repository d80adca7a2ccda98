#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace mydht::client {

/// What a scripted server does with one request.
struct Scene {
  enum class When {
    AfterRequest,  ///< answer when all of it is here
    AfterHead,     ///< answer when its head is here, then leave the body unread until the client closes
    InBody,        ///< answer when some of the body is here, then as AfterHead
    Never,         ///< read it and say nothing until the client closes
    HangUp,        ///< read its head and close the connection
    Stall,         ///< read its head, then neither read nor say anything until the client closes
  };

  std::string answer;  ///< the bytes to send, as they are
  When when = When::AfterRequest;
  bool goes = true;     ///< sends `100 Continue` to who expects it
  bool closes = false;  ///< closes the connection behind the answer
};

/// One request as the server heard it.
struct Heard {
  std::string head;
  std::string body;  ///< without the framing
  bool whole = false;

  std::string requestLine() const { return head.substr(0, head.find("\r\n")); }
  /// The value of the field of exactly that name; "" without it.
  std::string field(std::string_view name) const;
};

/// A server on a free loopback port that plays a scene for each request, in their order, and remembers what it heard.
/// One thread of its own serves one connection after another; owned by a test.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Scene> scenes);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// What was heard, as soon as it is that many requests; fails the test after 10 s. Requests beyond the script are
  /// heard too, and hung up on.
  std::vector<Heard> heard(std::size_t requests);
  /// What was heard until now.
  std::vector<Heard> heardSoFar();
  /// Waits until the head of that many requests came, for a test that acts in the middle of one.
  void awaitHeads(std::size_t requests);
  int connections();
  /// Waits until that many connections are closed.
  void awaitClosed(int connections);

 private:
  void serve();
  void serveConnection(int connection);
  bool readMore(int connection, std::string& into);
  bool playScene(int connection, std::string& buffer);
  Scene nextScene();
  void answerEarly(int connection, const std::string& answer, Heard request);
  bool answerWhole(int connection, const Scene& scene, std::string& buffer, Heard request);
  bool readBody(int connection, std::string& buffer, Heard& request);
  void remember(Heard request);

  const std::vector<Scene> scenes_;
  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Heard> heard_;
  std::size_t heads_ = 0;
  int connections_ = 0;
  int closed_ = 0;
  std::thread thread_;
};

/// A whole answer: status line, fields ("Name: value\r\n" each), Content-Length and the body.
std::string answerOf(int status, std::string_view body, std::string_view fields = "");

/// The answer to a get: 200 with the ETag of the body.
std::string valueAnswer(std::string_view body);

/// An answer in application/problem+json.
std::string problemAnswer(int status, std::string_view json, std::string_view fields = "");

/// A port on loopback where nobody listens.
std::uint16_t closedPort();

}  // namespace mydht::client
