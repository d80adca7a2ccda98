#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/http/head.h"
#include "common/http/response_text.h"
#include "common/result/result.h"
#include "server/runtime/event_loop.h"
#include "server/task/body.h"
#include "server/task/task.h"

namespace mydht::http {

class IncomingBody;
class Load;
class Work;

/// Who is at the other end of a connection. Owned by the connection.
struct Remote {
  std::string address;    ///< the IP address as text, without the port
  std::string network;    ///< what counts as one address: of IPv6 the /64 network
  bool loopback = false;  ///< it is this machine, by whatever address
};

/// One request, for the handler that answers it. All text lies in the connection's buffer and is valid until the
/// handler returns: copy what must live longer. Made and owned by the connection; may be read on any loop while
/// handled.
class Request {
 public:
  /// `body` is nothing for a request without one.
  Request(const RequestHead& head, const Remote& remote, runtime::EventLoop& loop, Deadline deadline,
          std::shared_ptr<IncomingBody> body = nullptr)
      : head_(head), remote_(remote), loop_(loop), deadline_(deadline), body_(std::move(body)) {}
  /// Where its place among those that the loop works on would be counted; without this all are admitted.
  void setWork(Work& work, Load& load) {
    work_ = &work;
    load_ = &load;
  }

  const RequestHead& head() const { return head_; }
  Method method() const { return head_.method; }
  /// Percent-encoded, begins with '/'.
  std::string_view path() const { return head_.path; }
  /// Percent-encoded, without '?'.
  std::string_view query() const { return head_.query; }
  /// The first header of that name, whatever the case of its letters.
  std::optional<std::string_view> header(std::string_view name) const { return head_.headers.find(name); }
  const Remote& remote() const { return remote_; }
  /// The connection's own loop, on which the handler starts.
  runtime::EventLoop& loop() const { return loop_; }
  /// When whoever waits for the answer is taken to have lost patience. Streaming a body may go on beyond it.
  Deadline deadline() const { return deadline_; }

  /// The body, to be pulled on any loop by one task at a time; empty if there is none. Once. It stays usable until the
  /// answer is sent, after that its next() says Stopped. Errors of next(): BadRequest when the body breaks off, is
  /// badly framed or stalls for Settings::bodyStall; Unavailable when it did not come by the deadline; after an error
  /// the connection is closed behind the answer. What is never pulled, the connection throws away.
  std::unique_ptr<ByteSource> takeBody();
  /// Takes a place among the requests that the loop works on, until the answer; false if there is none, and then it
  /// must be refused. Once, on the connection's loop, before the body is taken.
  bool admit();

  /// How many bytes the body will have, where that is known beforehand; 0 without a body.
  std::optional<std::uint64_t> bodySize() const;

 private:
  const RequestHead& head_;
  const Remote& remote_;
  runtime::EventLoop& loop_;
  Deadline deadline_;
  std::shared_ptr<IncomingBody> body_;
  Work* work_ = nullptr;
  Load* load_ = nullptr;
};

/// An answer. The connection adds Date, Content-Length or Transfer-Encoding, and Connection; a HEAD is answered as a
/// GET and the connection leaves the body away, but a status that has none (204, 304) gets none.
struct Response {
  int status = 200;
  HeadText headers;  ///< lines `Name: value`, made with header()
  Body body;
  Bytes lead = {};  ///< sent before the body and part of its length: a message between nodes

  /// Adds a header. Control bytes in the value become blanks.
  Response& header(std::string_view name, std::string_view value) {
    headers.header(name, value);
    return *this;
  }
};

/// An answer with a type and a body that is there whole.
Response respond(int status, std::string_view type, std::string body);
/// An answer with neither.
Response respondEmpty(int status);
/// The error as application/problem+json, with the status of its kind.
Response respondError(const Error& error);
/// A problem that is known by its status alone.
Response respondProblem(int status, std::string_view detail);

/// Whoever answers requests. Borrowed by a Server; called on each of its loops, at the same time.
class Handler {
 public:
  /// The request lives until the task ends. Errors are answers too: this has no other way to fail.
  virtual Task<Response> handle(Request& request) = 0;

 protected:
  ~Handler() = default;
};

}  // namespace mydht::http
