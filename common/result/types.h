#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace mydht {

/// A node's identity: random, made with its data directory, never its host and port. 0 is nobody.
using NodeId = std::uint64_t;

/// A partition of the ring, below limits::kPartitions.
using PartitionId = std::uint16_t;

/// The bytes of a SHA-256.
using Digest = std::array<std::uint8_t, 32>;

/// A key is any bytes, 1 to limits::kKeyBytes of them: data, never a path on disk.
using Key = std::string;

}  // namespace mydht
