#pragma once

#include <Poco/Net/StreamSocket.h>

#include <memory>

#include "server/http/channel.h"
#include "server/http/incoming_body.h"
#include "server/http/message.h"
#include "server/http/outgoing.h"

namespace mydht::http {

/// One client's connection: reads requests one after another, has each answered, and ends as the framing demands. While
/// idle it holds no buffer. Owned by the server's part on its loop; that loop's thread alone.
class Connection {
 public:
  Connection(Shared& shared, const Poco::Net::StreamSocket& socket, Remote remote, Handler& handler)
      : channel_(shared, socket), remote_(std::move(remote)), handler_(handler) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Whether the loop took its socket; else it must not be served.
  bool ok() { return channel_.socket().ok(); }
  /// Serves the client until one of the two ends the connection. Once.
  Task<> serve();
  /// Lets what has begun end, then closes; at once if nothing has.
  void stop();
  /// Breaks it off, whatever is under way.
  void abort() { channel_.socket().abort(); }

 private:
  /// What is counted and logged of an answer.
  struct Told {
    int status = 0;
    std::optional<std::uint64_t> bodyBytes;  ///< nothing if it was not known beforehand
    bool toNode = false;                     ///< it went to another node
    Time begun{};
  };

  ParseOutcome parseHead();
  Deadline beginWait();
  bool receive();
  Task<> refuse(int status, std::string_view reason);
  Task<bool> answer();
  Task<bool> finish(AnswerSent sent, std::shared_ptr<IncomingBody> body);
  void count(const Told& told);

  Channel channel_;
  Remote remote_;
  Handler& handler_;
  Deadline headDeadline_ = Time::max();  ///< of the head that has begun to come
  bool stopping_ = false;
  bool idle_ = false;    ///< waits for a request of which nothing has come
  bool lingers_ = true;  ///< at the end, waits for the other side to have read our last answer
};

}  // namespace mydht::http
