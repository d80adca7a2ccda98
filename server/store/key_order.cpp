#include "server/store/key_order.h"

namespace mydht::store {

std::optional<Key> beyondPrefix(std::string_view prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.remove_suffix(1);
  if (prefix.empty()) return std::nullopt;
  Key beyond(prefix);
  beyond.back() = static_cast<char>(static_cast<unsigned char>(beyond.back()) + 1);
  return beyond;
}

std::optional<std::string_view> rolledUp(std::string_view key, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty()) return std::nullopt;
  const std::size_t at = key.find(delimiter, prefix.size());
  if (at == std::string_view::npos) return std::nullopt;
  return key.substr(0, at + delimiter.size());
}

std::optional<Key> keyBehind(std::string_view after, std::string_view prefix, std::string_view delimiter) {
  if (after.empty()) return Key();
  if (after.starts_with(prefix) && rolledUp(after, prefix, delimiter) == after) return beyondPrefix(after);
  return Key(after) + '\0';
}

}  // namespace mydht::store
