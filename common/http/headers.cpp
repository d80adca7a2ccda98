#include "common/http/headers.h"

#include "common/http/characters.h"
#include "common/result/check.h"

namespace mydht::http {

namespace {

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

Header Headers::operator[](std::size_t index) const {
  MYDHT_ASSERT(index < count_);
  const Slot& slot = slots_[index];
  return {{base_ + slot.nameAt, slot.nameBytes}, {base_ + slot.valueAt, slot.valueBytes}};
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (slots_[i].nameBytes != name.size()) continue;
    const Header header = (*this)[i];
    if (equalsIgnoringCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count_; ++i) found += equalsIgnoringCase((*this)[i].name, name) ? 1 : 0;
  return found;
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

bool listContains(std::string_view list, std::string_view element) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (equalsIgnoringCase(characters::trimmed(list.substr(0, comma)), element)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace mydht::http
