// Fuzzes how a call between nodes lies in an HTTP body. The first byte says whether the length is known beforehand, and
// in pieces of how many bytes the rest comes. Whole or in pieces, the same bytes give the same message and body, or are
// refused; and never is more read ahead than the message and one piece.

#include "server/peer/framing.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "common/result/limits.h"
#include "tests/support/simulation/sim_executor.h"

using namespace mydht;
using namespace mydht::peer;

namespace {

/// The bytes of a body, some at a time.
class Pieces final : public ByteSource {
 public:
  Pieces(std::string_view bytes, std::size_t piece) : bytes_(bytes), piece_(piece) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  Task<Result<Bytes>> next(Deadline /*deadline*/) override {
    const std::string_view piece = bytes_.substr(0, piece_);
    bytes_.remove_prefix(piece.size());
    co_return Bytes(std::string(piece));
  }

 private:
  std::string_view bytes_;
  std::size_t piece_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Bytes whole{std::string(bytes)};
  const auto split = splitCall(whole);
  if (split) {
    const Bytes lead = leadOf(split->message.view());
    MYDHT_ASSERT(std::string(lead.view()) + std::string(std::get<Bytes>(split->body).view()) == bytes);
  }
  simulation::SimTime time;
  simulation::SimExecutor executor(time);
  std::optional<std::uint64_t> known;
  if (data[0] % 2 == 0) known = bytes.size();
  auto source = std::make_unique<Pieces>(bytes, 1 + data[0] / 2U);
  auto read = time.run(executor, readCall(std::move(source), known, time.now()));
  MYDHT_ASSERT(read.ok() == split.ok());
  if (!read) {
    MYDHT_ASSERT(read.error().kind == Kind::BadRequest);
    return 0;
  }
  MYDHT_ASSERT(read->message == split->message);
  auto body = time.run(executor, collect(std::move(read->body), bytes.size(), time.now()));
  MYDHT_ASSERT(body && *body == std::get<Bytes>(split->body));
  return 0;
}
