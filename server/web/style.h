#pragma once

#include <string_view>

namespace mydht::web {

/// The style sheet of the pages, which carry it in themselves: they load nothing from anywhere.
std::string_view pageStyle();

}  // namespace mydht::web
