#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/result/types.h"

/// What listings need to know of the order of keys, which is that of their bytes.
namespace mydht::store {

/// The least key above all that begin with `prefix`; none if there is none above.
std::optional<Key> beyondPrefix(std::string_view prefix);

/// What a key is rolled up into when a listing has a delimiter: its beginning up to and with the first delimiter behind
/// the prefix, which it has; none if there is no delimiter.
std::optional<std::string_view> rolledUp(std::string_view key, std::string_view prefix, std::string_view delimiter);

/// The least key of a listing that goes on behind `after` (empty: from the start): right behind it, or, where it is
/// what keys were rolled up into, behind all of those. None: nothing can come any more.
std::optional<Key> keyBehind(std::string_view after, std::string_view prefix, std::string_view delimiter);

}  // namespace mydht::store
