#include "tests/simulation/stack/checkers/rounds.h"

#include <fmt/format.h>

#include <optional>

#include "common/hash/position.h"
#include "server/store/node_state.h"
#include "server/store/rows.h"

namespace mydht::simulation {
namespace {

struct Offered {
  Entry entry;
  std::uint64_t upload = 0;
};

/// What a client's write offers; none: a copy, or a question of another kind.
std::optional<Offered> offeredBy(const wire::Request& request) {
  if (request.type == wire::MessageType::Publish) {
    const auto publish = wire::readPayload<wire::Publish>(request.payload);
    return publish ? std::optional(Offered{publish->entry, publish->upload}) : std::nullopt;
  }
  if (request.type != wire::MessageType::Offer) return std::nullopt;
  const auto offer = wire::readPayload<wire::Offer>(request.payload);
  return offer && offer->from == wire::From::Client ? std::optional(Offered{offer->entry, 0}) : std::nullopt;
}

}  // namespace

/// A coordinator that is a home node itself refuses without a message: for an older view once it has a newer one, which
/// it offers by from then on; for a closed time by the mark on its disk.
std::size_t Rounds::Put::mostVersions() const {
  return 2 * (1 + closed.size()) + olderView.size() + (views.size() - 1);
}

void Rounds::seeOwnRefusals(const std::string& coordinator, const Entry& entry, Put& put) const {
  for (std::size_t i = 0; i < ring_.size(); ++i) {
    if (ring_[i].name() != coordinator) continue;
    const Bytes* const row = ring_[i].medium().row(store::partitionRowName(partitionOf(entry.key)));
    if (row == nullptr) return;
    const auto marks = store::decodePartitionRow(row->view());
    if (!marks) return;
    for (const Version& version : put.offered) {
      if (version <= marks->closed) put.closed.insert(version);
    }
  }
}

void Rounds::see(const SeenMessage& seen) {
  const auto offered = offeredBy(seen.request);
  if (!offered || offered->entry.tombstone) return;
  const Entry* const entry = &offered->entry;
  const std::string& coordinator = seen.message.to;
  Put& put = puts_[{coordinator, entry->key, entry->sha256, offered->upload}];
  put.offered.insert(entry->version);
  put.views.emplace(seen.request.from.newest, seen.request.from.complete);
  const auto& error = seen.answer.error;
  if (error && error->kind == Kind::OlderRing) put.olderView.insert(entry->version);
  if (!error) {
    const auto said = wire::readPayload<wire::OfferAnswer>(seen.answer.payload);
    if (said && said->outcome == wire::OfferOutcome::Closed) put.closed.insert(entry->version);
  }
  if (put.offered.size() <= put.mostVersions()) return;
  seeOwnRefusals(coordinator, *entry, put);
  if (put.offered.size() <= put.mostVersions()) return;
  broken_.push_back(fmt::format("C6: {} offered one value under {} versions, and might under {}", coordinator,
                                put.offered.size(), put.mostVersions()));
  ring_.trace.line(broken_.back());
}

}  // namespace mydht::simulation
