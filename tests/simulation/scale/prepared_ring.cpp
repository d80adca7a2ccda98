#include "tests/simulation/scale/prepared_ring.h"

#include "server/store/node_state.h"
#include "server/store/rows.h"

namespace mydht::simulation {
namespace {

constexpr std::uint64_t kRingIdentity = 4711;
constexpr Duration kStep = std::chrono::milliseconds(10);

/// What node `number` of these has on its disk.
Batch rowsOf(SimRing& ring, const ring::RingPtr& version, const std::vector<NodeId>& ids, unsigned number) {
  const NodeId self = ids[number];
  Batch batch;
  batch.rows.emplace_back(store::kIdentityRow, store::encodeIdentity({self, 1, self, 0}));
  store::RingState state;
  state.view = {kRingIdentity, {version->list()}, {}};
  state.accepted = version->list();
  state.completeHeld = version->name();
  state.hostPort = ring[number].name();
  for (std::size_t i = 0; i < limits::kPartitions; ++i) {
    state.filled[i] = version->isHome(self, static_cast<PartitionId>(i));
  }
  state.sources = state.filled;
  batch.rows.emplace_back(store::kRingRow, store::encodeRingState(state));
  for (unsigned other = 0; other < ids.size(); ++other) {
    if (other == number) continue;
    batch.rows.emplace_back(store::peerRowName(ids[other]), store::encodePeerState({ring[other].name(), 1, 0}));
  }
  return batch;
}

}  // namespace

void addPrepared(SimRing& ring, unsigned nodes) {
  ring::MemberList list;
  std::vector<NodeId> ids;
  for (unsigned i = 0; i < nodes; ++i) {
    ring.add();
    ring::Member member;
    member.id = ring.random.next() | 1;
    member.tokenSeed = member.id;
    ids.push_back(member.id);
    list.put(member);
  }
  const ring::RingPtr version = ring.makeRing(std::move(list));
  for (unsigned i = 0; i < nodes; ++i) {
    SimDisk disk(ring[i].medium(), ring.random, ring.diskOptions);
    const auto written = ring.time.run(ring[i].executor(), disk.commit(rowsOf(ring, version, ids, i)));
    MYDHT_ASSERT(written.ok());
    disk.crash();
    ring.time.runUntilIdle();
  }
}

void startTogether(SimRing& ring) {
  for (std::size_t i = 0; i < ring.size(); ++i) ring[i].start({});
  const auto ready = [&ring] {
    for (std::size_t i = 0; i < ring.size(); ++i) {
      if (!ring[i].up()) return false;
    }
    return ring.quiet();
  };
  MYDHT_ASSERT(awaitInSteps(ring, ready, std::chrono::minutes(2)));
}

bool awaitInSteps(SimRing& ring, const std::function<bool()>& condition, Duration within) {
  const Time latest = ring.time.now() + within;
  while (!condition()) {
    if (ring.time.now() >= latest) return false;
    ring.time.runFor(kStep);
  }
  return true;
}

}  // namespace mydht::simulation
