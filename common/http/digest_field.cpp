#include "common/http/digest_field.h"

#include <algorithm>
#include <array>

#include "common/http/characters.h"

namespace mydht::http {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> makeValues() {
  std::array<std::int8_t, 256> values{};
  for (std::int8_t& value : values) value = -1;
  for (std::int8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(kAlphabet[i])] = i;
  return values;
}

constexpr std::array<std::int8_t, 256> kValues = makeValues();

Error malformed() {
  return {Kind::BadRequest, "Repr-Digest is not of the form sha-256=:BASE64:"};
}

/// One member of the dictionary: `name=:base64:`.
struct Member {
  std::string_view name;
  std::string_view base64;
};

/// Takes the first member; nothing if it is not of that form.
std::optional<Member> takeMember(std::string_view& list) {
  const std::size_t equals = list.find('=');
  if (equals == 0 || equals == std::string_view::npos || list.substr(equals + 1, 1) != ":") return std::nullopt;
  const std::size_t close = list.find(':', equals + 2);
  if (close == std::string_view::npos) return std::nullopt;
  const Member member{list.substr(0, equals), list.substr(equals + 2, close - equals - 2)};
  const bool named =
      std::all_of(member.name.begin(), member.name.end(), [](char c) { return characters::is(characters::kToken, c); });
  if (!named) return std::nullopt;
  list = characters::trimmed(list.substr(close + 1));
  return member;
}

}  // namespace

std::string reprDigest(const Digest& sha256) {
  return "sha-256=:" + encodeBase64({reinterpret_cast<const char*>(sha256.data()), sha256.size()}) + ":";
}

Result<std::optional<Digest>> parseReprDigest(std::string_view field) {
  std::optional<Digest> found;
  std::string_view list = characters::trimmed(field);
  for (bool first = true; first || !list.empty(); first = false) {
    if (!first) {
      if (list.front() != ',') return malformed();
      list = characters::trimmed(list.substr(1));
    }
    const std::optional<Member> member = takeMember(list);
    if (!member) return malformed();
    const std::optional<std::string> bytes = decodeBase64(member->base64);
    if (!bytes) return malformed();
    if (member->name != "sha-256") continue;
    if (found) return Error{Kind::BadRequest, "Repr-Digest names sha-256 twice"};
    if (bytes->size() != Digest{}.size()) return Error{Kind::BadRequest, "a sha-256 digest has 32 bytes"};
    found.emplace();
    std::copy(bytes->begin(), bytes->end(), found->begin());
  }
  return found;
}

std::string encodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < here ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) text += i <= here ? kAlphabet[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view digits = text.substr(0, text.size() - padding);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : digits) {
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
    bits &= (1U << count) - 1;
  }
  // Bits that the padding cuts off must be zero: else two texts would stand for the same bytes.
  if (bits != 0) return std::nullopt;
  return bytes;
}

}  // namespace mydht::http
