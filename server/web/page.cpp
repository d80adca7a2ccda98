#include "server/web/page.h"

// Made by assets.S.
extern "C" {
extern const char mydht_page_style[];
extern const char mydht_page_style_end[];
extern const char mydht_page_body[];
extern const char mydht_page_body_end[];
extern const char mydht_page_script[];
extern const char mydht_page_script_end[];
extern const char mydht_page_icon[];
extern const char mydht_page_icon_end[];
}

namespace mydht::web {

std::string_view pageStyle() {
  return {mydht_page_style, mydht_page_style_end};
}

std::string_view pageBody() {
  return {mydht_page_body, mydht_page_body_end};
}

std::string_view pageScript() {
  return {mydht_page_script, mydht_page_script_end};
}

std::string_view pageIcon() {
  return {mydht_page_icon, mydht_page_icon_end};
}

}  // namespace mydht::web
