#pragma once

#include <string_view>

/// The status page's files, built into the program. The page carries style and script in itself: it loads nothing from
/// anywhere.
namespace mydht::web {

/// The style sheet.
std::string_view pageStyle();
/// The elements that the script fills, hidden until it does.
std::string_view pageBody();
/// The script: one module. It makes no element from text, so that no key and no name can act in the page.
std::string_view pageScript();
/// The icon, as SVG.
std::string_view pageIcon();

}  // namespace mydht::web
