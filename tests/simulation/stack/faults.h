#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/simulation/sim_ring.h"

namespace mydht::simulation {

/// What goes wrong in a run, at random from the seed: nodes killed (one or all at once) and started again with what
/// they had synced, stopped, frozen, cut off in one direction or both, emptied, set back to a backup, kept from hearing
/// of changes of the ring but by being refused; disks that are full for a while, that fail, or on which bits flip;
/// clocks that jump; messages lost, doubled and stalled; and nodes that join, leave, are asked to leave from afar, are
/// removed while they are dead or cut off, and come back as new ones; other numbers of replicas, weights and zones.
/// Owned by a run; borrows the ring.
class Faults {
 public:
  struct Options {
    unsigned nodes = 5;                                    ///< that join one after the other
    Duration pauseLeast = std::chrono::milliseconds(150);  ///< between two faults
    Duration pauseMost = std::chrono::milliseconds(1500);
    bool loseDisks = true;  ///< one at a time, and only while the ring is quiet
    unsigned leastReplicas = 3;
  };

  Faults(SimRing& ring, Options options);

  /// Makes the first node, lets the others join, and begins.
  void start();
  /// Ends all faults: nothing is lost any more, every node is started that is down.
  void heal();
  /// Touches the ring no more: nodes that go down stay down.
  void finish() { finished_ = true; }
  /// Whether they have ended and nobody is at work any more on what he was told to do before: to remove a node, to ask
  /// one to leave, to change the number of copies.
  bool over() const { return healed_ && removing_ == 0 && asking_ == 0; }
  std::uint64_t count() const { return count_; }

 private:
  void tick();
  void strike();
  void supervise();
  void startNode(SimNode& node);
  void killOne();
  void killAll();
  void stopOne();
  void freezeOne();
  void cutPair();
  void jumpClock();
  void deafen();
  void loseDisk();
  void restoreBackup();
  void fillDisk();
  void failDisk();
  void damageDisk();
  void unsettle();
  void strikeRing();
  void askToLeave();
  void interruptAll();
  void removeOne();
  void setReplicas();
  Task<> remove(SimNode& through, std::string name);
  Task<> replicas(SimNode& through, std::uint32_t count);
  Task<> leaveFar(SimNode& through, std::string name);
  SimNode* randomUp();
  bool mayLoseDisk();
  bool isDamaged();
  void replaceHopelessDisk();
  bool isHopeless(unsigned number);
  bool othersAreWhole(unsigned number);

  SimRing& ring_;
  const Options options_;
  SimRandom random_;
  std::set<unsigned> deaf_;       // nodes that hear of changes only by being refused
  std::set<unsigned> needSeeds_;  // whose disk does not remember a ring
  std::vector<std::shared_ptr<const SimMedium>> backups_;
  std::set<unsigned> lost_;            // whose disk was lost and is not refilled yet
  std::set<unsigned> held_;            // killed, and not to be started yet
  std::optional<Time> hopelessSince_;  // when a disk that nothing repairs was first seen
  unsigned removing_ = 0;              // removals that are to come or under way
  unsigned asking_ = 0;                // other changes of the ring that nodes were told to make and have not answered
  std::uint64_t count_ = 0;
  bool healed_ = false;
  bool finished_ = false;
};

}  // namespace mydht::simulation
