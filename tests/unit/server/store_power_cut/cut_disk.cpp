#include "tests/unit/server/store_power_cut/cut_disk.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "common/result/check.h"

namespace mydht {
namespace {

using Kind = DiskEvent::Kind;

constexpr std::size_t kPage = 4096;

/// What a sector's worth of bytes, or a few bytes, or all but a few of what was written may come to.
std::size_t someOf(std::size_t length, std::mt19937& random) {
  const std::size_t some = random() % (length + 1);
  return random() % 2 == 0 ? some : some / 512 * 512;
}

std::string garbage(std::size_t length, std::mt19937& random) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string withHoles(std::string bytes, std::size_t from, std::mt19937& random) {
  while (from < bytes.size()) {
    const std::size_t end = std::min(bytes.size(), (from / kPage + 1) * kPage);
    if (random() % 2 == 0)
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(end),
                '\0');
    from = end;
  }
  return bytes;
}

/// What is left of a file.
std::string bytesKept(const std::string& synced, const std::string& now, Kept kept, std::mt19937& random) {
  if (synced == now || kept == Kept::Nothing || kept == Kept::Names) return synced;
  if (kept == Kept::Everything) return now;
  // Written anew, not further: one or the other.
  if (!now.starts_with(synced)) return random() % 2 == 0 ? synced : now;
  const std::size_t more = now.size() - synced.size();
  if (kept == Kept::Zeros) return synced + std::string(more, '\0');
  if (kept == Kept::Holes) return withHoles(now, synced.size(), random);
  const std::size_t some = someOf(more, random);
  std::string bytes = now.substr(0, synced.size() + some);
  if (kept == Kept::TornGarbage) bytes += garbage(more - some, random);
  return bytes;
}

bool keepsNames(Kept kept) {
  return kept == Kept::Names || kept == Kept::Zeros || kept == Kept::Everything;
}

}  // namespace

const char* nameOf(Kept kept) {
  constexpr std::array names{"nothing", "names",     "names and zeros", "torn ends", "ends of other bytes",
                             "holes",   "a mixture", "everything"};
  return names[static_cast<std::size_t>(kept)];
}

CutDisk::Place CutDisk::placeOf(const std::string& path) {
  Node* directory = &nodes_[root_];
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', begin)) {
    directory = &nodes_[directory->names.at(path.substr(begin, slash - begin))];
    begin = slash + 1;
  }
  return {directory, path.substr(begin)};
}

void CutDisk::make(const DiskEvent& event, bool isDirectory) {
  Node node;
  node.madeAs = event.path;
  node.isDirectory = isDirectory;
  nodes_[event.node] = std::move(node);
  if (event.path.empty()) {
    root_ = event.node;
  } else {
    const Place place = placeOf(event.path);
    place.directory->names[place.name] = event.node;
  }
}

void CutDisk::apply(const DiskEvent& event) {
  if (event.kind == Kind::MakeFile || event.kind == Kind::MakeDirectory) {
    return make(event, event.kind == Kind::MakeDirectory);
  }
  if (event.kind == Kind::Rename) {
    const Place from = placeOf(event.path);
    from.directory->names.erase(from.name);
    const Place to = placeOf(event.target);
    to.directory->names[to.name] = event.node;
    return;
  }
  if (event.kind == Kind::Remove) {
    const Place place = placeOf(event.path);
    place.directory->names.erase(place.name);
    return;
  }
  if (event.kind == Kind::Mark || event.kind == Kind::Flush) return;
  Node& node = nodes_.at(event.node);
  if (event.kind == Kind::Write) {
    const auto at = static_cast<std::size_t>(event.number);
    node.bytes.resize(std::max(node.bytes.size(), at + event.bytes.size()));
    node.bytes.replace(at, event.bytes.size(), event.bytes);
  } else if (event.kind == Kind::Resize) {
    node.bytes.resize(static_cast<std::size_t>(event.number));
  } else if (event.kind == Kind::SyncBegins) {
    node.syncing = node.bytes;
    node.syncingNames = node.names;
  } else if (!lies_ || !lies_(node.madeAs, node.isDirectory)) {
    node.synced = node.syncing;
    node.syncedNames = node.syncingNames;
  }
}

void CutDisk::build(const std::string& target, Kept kept, std::mt19937& random) const {
  build(nodes_.at(root_), target, kept, random);
}

void CutDisk::build(const Node& directory, const std::string& target, Kept kept, std::mt19937& random) const {
  const bool mixed = kept == Kept::Mixture;
  const bool ofNow = mixed ? random() % 2 == 0 : keepsNames(kept);
  for (const auto& [name, number] : ofNow ? directory.names : directory.syncedNames) {
    const Node& node = nodes_.at(number);
    const std::string path = target + "/" + name;
    if (node.isDirectory) {
      MYDHT_ASSERT(::mkdir(path.c_str(), 0755) == 0);
      build(node, path, kept, random);
      continue;
    }
    const Kept how = mixed ? kEveryKept[random() % kEveryKept.size()] : kept;
    const std::string bytes = bytesKept(node.synced, node.bytes, how, random);
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    MYDHT_ASSERT(out.good());
  }
}

}  // namespace mydht
