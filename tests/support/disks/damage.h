#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mydht::support {

/// The files below a directory whose names end so, in order; "": those of values, which have no ending.
std::vector<std::string> filesIn(const std::string& directory, const std::string& ending);

/// Turns one bit over, in the file, past everybody who has it open. Throws if the file has no such byte.
void flipBit(const std::string& path, std::uint64_t byte);

/// The same in its middle.
void flipInTheMiddle(const std::string& path);

}  // namespace mydht::support
