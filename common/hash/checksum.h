#pragma once

#include <cstdint>
#include <string_view>

namespace mydht {

/// XXH3-64 of bytes: finds accidents (bad disks, cut files), not attacks.
std::uint64_t checksumOf(std::string_view bytes);

}  // namespace mydht
