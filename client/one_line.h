#pragma once

#include <string>
#include <string_view>

namespace mydht::client {

/// Text from elsewhere as one line for a person: control bytes, which could drive the terminal or begin a line of
/// their own, become blanks.
std::string oneLine(std::string_view text);

}  // namespace mydht::client
