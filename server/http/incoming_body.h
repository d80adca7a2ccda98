#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/http/chunks.h"
#include "server/http/channel.h"
#include "server/task/body.h"
#include "server/task/signal.h"

namespace mydht::http {

/// How the end of a body that comes is known.
struct BodyFraming {
  std::optional<std::uint64_t> length;  ///< nothing and not chunked: there is no body
  bool chunked = false;
  bool expectContinue = false;  ///< the sender waits for 100 Continue
};

/// The framing of a request's body.
BodyFraming framingOf(const RequestHead& head);

/// The body of a request or an answer, as it comes from the socket: read when somebody pulls, so that the sender is
/// held back by TCP when nobody does. Shared by the connection, which outlives its use, and by the source that the
/// handler holds. On the connection's loop alone.
class IncomingBody {
 public:
  /// Behind a head that the channel has consumed.
  IncomingBody(Channel& channel, const BodyFraming& framing);

  /// The next piece; see Request::takeBody for the errors. One pull at a time.
  Task<Result<Bytes>> next(Deadline deadline);
  std::optional<std::uint64_t> size() const { return size_; }
  /// Whose body it is, if its loop counts it: it does not count while the client has to send. Outlives finish().
  void setWork(Work& work) { work_ = &work; }
  runtime::EventLoop& loop() { return loop_; }

  /// Whether all of it was read, so that the next request begins where it ended.
  bool ended() const { return ended_; }
  /// Whether what is left can be thrown away within Settings::drainBytes, as far as is known.
  bool worthDraining() const;

  /// Waits until no `100 Continue` is on its way, so that the answer can be.
  Task<> asked();
  /// Ends it for whoever holds the source, and waits for a pull under way, which it breaks off.
  Task<> retire();
  /// Behind retire(), the end of its use: gives what belongs to the next request back to the channel. With `drain` it
  /// throws away what is left before. False: there is something left, and the connection must be closed.
  Task<bool> finish(bool drain);

 private:
  Task<Result<Bytes>> pull(Deadline deadline);
  Result<std::string> takeBuffered();
  Result<std::string> decode(std::string_view& bytes);
  Task<Result<>> askFor();
  Task<Result<std::string>> receiveSome(Deadline deadline);
  bool goOn();
  Error broken(std::string text);

  Channel* channel_;  ///< nothing once finished
  Work* work_ = nullptr;
  runtime::EventLoop& loop_;
  std::optional<std::uint64_t> size_;
  std::uint64_t left_ = 0;  ///< of a body of known size
  std::uint64_t read_ = 0;
  std::uint64_t mark_ = 0;  ///< how much was read when the client was last found quick enough
  Duration waited_{};       ///< for the client, since then
  bool chunked_;
  bool askFor_;  ///< the client waits for 100 Continue
  bool ended_ = false;
  bool pulling_ = false;
  bool asking_ = false;
  bool retired_ = false;
  std::optional<Error> broken_;
  ChunkDecoder decoder_;
  std::string rest_;  ///< what came behind the last chunk, of the next request
  Signal changed_;
};

/// What the handler holds: pulls from any loop. Owned by whoever consumes the body.
class IncomingSource final : public ByteSource {
 public:
  explicit IncomingSource(std::shared_ptr<IncomingBody> body) : body_(std::move(body)) {}
  std::optional<std::uint64_t> size() const override { return body_->size(); }
  Task<Result<Bytes>> next(Deadline deadline) override;

 private:
  std::shared_ptr<IncomingBody> body_;
};

}  // namespace mydht::http
