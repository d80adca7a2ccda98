#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>

#include "tests/unit/server/store_power_cut/recording.h"

namespace mydht {

/// What a disk may still have after its power went, of what was not synced.
enum class Kept : std::uint8_t {
  Nothing,      ///< the strictest disk that POSIX allows: a name is there only if its directory was synced with it
  Names,        ///< all names, but of each file the bytes of its last sync alone
  Zeros,        ///< all names, and files as long as they were, with zeros where nothing was synced
  Torn,         ///< of each file a part of what was written since its last sync
  TornGarbage,  ///< ... and behind that, up to where it was written, something else
  Holes,        ///< of each file any pages of what was written, and zeros for the others
  Mixture,      ///< each directory with its names of now or of its last sync, each file in any of these ways
  Everything,   ///< as if only the process had been killed
};
inline constexpr std::array kEveryKept{Kept::Nothing,     Kept::Names, Kept::Zeros,   Kept::Torn,
                                       Kept::TornGarbage, Kept::Holes, Kept::Mixture, Kept::Everything};
const char* nameOf(Kept kept);

/// A disk that a recording is played to, event by event: it knows what each file and directory held at its last sync,
/// and what it holds now, and builds what a power cut at this moment leaves. Owned by one test; one thread.
class CutDisk {
 public:
  /// Whether syncs of what was made at this path are left out though they were said to be done.
  using Lies = std::function<bool(const std::string& path, bool isDirectory)>;
  explicit CutDisk(Lies lies = nullptr) : lies_(std::move(lies)) {}

  void apply(const DiskEvent& event);
  /// Where a file or directory was made.
  const std::string& madeAs(ino_t node) const { return nodes_.at(node).madeAs; }
  /// In a new empty directory.
  void build(const std::string& target, Kept kept, std::mt19937& random) const;

 private:
  struct Node {
    std::string madeAs;
    // Of a file: its bytes now, as of its last sync, and when the sync under way began.
    std::string bytes{}, synced{}, syncing{};
    // Of a directory: the same of its names.
    bool isDirectory = false;
    std::map<std::string, ino_t> names{}, syncedNames{}, syncingNames{};
  };
  /// The directory that a path leads into, and the last name of it.
  struct Place {
    Node* directory;
    std::string name;
  };
  Place placeOf(const std::string& path);
  void make(const DiskEvent& event, bool isDirectory);
  void build(const Node& directory, const std::string& target, Kept kept, std::mt19937& random) const;

  Lies lies_;
  ino_t root_ = 0;
  std::map<ino_t, Node> nodes_;
};

}  // namespace mydht
