#include "common/protocol/json.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <exception>
#include <optional>

namespace mydht::protocol {

namespace {

/// None of our shapes is deeper than three; without a bound brackets alone would exhaust the stack.
constexpr std::size_t kDepth = 16;
constexpr std::int64_t kMicros = 1'000'000;
/// Beyond this doubles, which is what Poco reads some numbers as, are not exact.
constexpr std::int64_t kExact = std::int64_t{1} << 53;

/// The length of the UTF-8 sequence at the front, 0 if it is none.
std::size_t sequenceBytes(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
}

/// A whole number from 0 on; nothing if it is none.
std::optional<std::uint64_t> numberOf(const Poco::Dynamic::Var& value) {
  if (value.type() == typeid(Poco::UInt64)) return value.extract<Poco::UInt64>();
  if (value.type() != typeid(Poco::Int64) || value.extract<Poco::Int64>() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value.extract<Poco::Int64>());
}

Error notJson(std::string_view why) {
  return {Kind::BadRequest, fmt::format("not the JSON that was expected: {}", why)};
}

}  // namespace

bool isUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = sequenceBytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void JsonWriter::begin(std::string_view name) {
  if (!first_) text_ += ',';
  first_ = false;
  if (name.empty()) return;
  quote(name);
  text_ += ':';
}

void JsonWriter::quote(std::string_view value) {
  text_ += '"';
  while (!value.empty()) {
    const std::size_t length = sequenceBytes(value);
    const char c = value.front();
    if (length == 0) {
      text_ += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      text_ += {'\\', c};
    } else if ((length == 1 && static_cast<unsigned char>(c) < 0x20) || c == '<' || c == '>' || c == '&' || c == 0x7f) {
      text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      text_ += value.substr(0, length);
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
  text_ += '"';
}

JsonWriter& JsonWriter::beginObject(std::string_view name) {
  begin(name);
  text_ += '{';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::endObject() {
  text_ += '}';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::beginList(std::string_view name) {
  begin(name);
  text_ += '[';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::endList() {
  text_ += ']';
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view name, std::string_view value) {
  begin(name);
  quote(value);
  return *this;
}

JsonWriter& JsonWriter::number(std::string_view name, std::uint64_t value) {
  begin(name);
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::signedNumber(std::string_view name, std::int64_t value) {
  begin(name);
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::seconds(std::string_view name, std::int64_t micros) {
  begin(name);
  text_ += fmt::format("{}.{:06}", micros / kMicros, micros % kMicros);
  return *this;
}

JsonWriter& JsonWriter::numbers(std::string_view name, const std::vector<std::uint64_t>& values) {
  beginList(name);
  for (const std::uint64_t value : values) number({}, value);
  return endList();
}

JsonWriter& JsonWriter::flag(std::string_view name, bool value) {
  begin(name);
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::identity(std::string_view name, std::uint64_t value) {
  return text(name, fmt::format("{:016x}", value));
}

JsonWriter& JsonWriter::element(std::string_view value) {
  return text({}, value);
}

/// What Poco read.
struct JsonReader::Object {
  Poco::JSON::Object::Ptr json;

  Poco::Dynamic::Var get(std::string_view name) const { return json->get(std::string(name)); }
};

Result<JsonReader> JsonReader::parse(std::string_view json, std::size_t mostBytes) {
  if (json.size() > mostBytes) return notJson("longer than any of ours");
  try {
    Poco::JSON::Parser parser;
    parser.setDepth(kDepth);
    const Poco::Dynamic::Var parsed = parser.parse(std::string(json));
    if (parsed.type() != typeid(Poco::JSON::Object::Ptr)) return notJson("no object");
    return JsonReader(std::make_shared<Object>(Object{parsed.extract<Poco::JSON::Object::Ptr>()}));
  } catch (const Poco::Exception& exception) {
    return notJson(exception.displayText());
  } catch (const std::exception& exception) {
    return notJson(exception.what());
  }
}

bool JsonReader::has(std::string_view name) const {
  return object_->json->has(std::string(name));
}

std::string JsonReader::text(std::string_view name) {
  const Poco::Dynamic::Var value = object_->get(name);
  if (value.type() == typeid(std::string)) return value.extract<std::string>();
  refuse(name, "is not a text");
  return {};
}

std::uint64_t JsonReader::number(std::string_view name, std::uint64_t most) {
  const std::optional<std::uint64_t> number = numberOf(object_->get(name));
  if (number && *number <= most) return *number;
  refuse(name, fmt::format("is not a number from 0 to {}", most));
  return 0;
}

std::int64_t JsonReader::signedNumber(std::string_view name) {
  const Poco::Dynamic::Var value = object_->get(name);
  const bool whole = value.type() == typeid(Poco::Int64);
  const std::int64_t number = whole ? value.extract<Poco::Int64>() : kExact + 1;
  if (number >= -kExact && number <= kExact) return number;
  refuse(name, "is not a whole number of at most 2^53");
  return 0;
}

std::int64_t JsonReader::seconds(std::string_view name) {
  const Poco::Dynamic::Var value = object_->get(name);
  double seconds = -1;
  if (value.type() == typeid(double)) seconds = value.extract<double>();
  if (const auto whole = numberOf(value)) seconds = static_cast<double>(*whole);
  constexpr double kMost = static_cast<double>(limits::kLastMicros / kMicros) + 1;
  if (seconds >= 0 && seconds <= kMost) return std::llround(seconds * static_cast<double>(kMicros));
  refuse(name, "is not a time in seconds");
  return 0;
}

std::vector<std::uint64_t> JsonReader::numbers(std::string_view name) {
  std::vector<std::uint64_t> numbers;
  const Poco::JSON::Array::Ptr list = object_->json->getArray(std::string(name));
  if (list.isNull()) refuse(name, "is not a list");
  for (std::size_t i = 0; !list.isNull() && i < list->size(); ++i) {
    const std::optional<std::uint64_t> number = numberOf(list->get(static_cast<unsigned>(i)));
    if (!number) refuse(name, "is not a list of numbers from 0 on");
    numbers.push_back(number.value_or(0));
  }
  return numbers;
}

bool JsonReader::flag(std::string_view name) {
  const Poco::Dynamic::Var value = object_->get(name);
  if (value.type() == typeid(bool)) return value.extract<bool>();
  refuse(name, "is neither true nor false");
  return false;
}

std::uint64_t JsonReader::identity(std::string_view name) {
  const std::string digits = text(name);
  std::uint64_t identity = 0;
  const std::from_chars_result read = std::from_chars(digits.data(), digits.data() + digits.size(), identity, 16);
  const bool whole = digits.size() == 16 && read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!whole) refuse(name, "is not of 16 hexadecimal digits");
  return whole ? identity : 0;
}

std::vector<std::string> JsonReader::texts(std::string_view name) {
  std::vector<std::string> texts;
  const Poco::JSON::Array::Ptr list = object_->json->getArray(std::string(name));
  if (list.isNull()) refuse(name, "is not a list");
  for (std::size_t i = 0; !list.isNull() && i < list->size(); ++i) {
    const Poco::Dynamic::Var value = list->get(static_cast<unsigned>(i));
    if (value.type() == typeid(std::string)) {
      texts.push_back(value.extract<std::string>());
    } else {
      refuse(name, "is not a list of texts");
    }
  }
  return texts;
}

JsonReader JsonReader::object(std::string_view name) {
  Poco::JSON::Object::Ptr object = object_->json->getObject(std::string(name));
  if (object.isNull()) {
    refuse(name, "is not an object");
    object = new Poco::JSON::Object();
  }
  return JsonReader(std::make_shared<Object>(Object{object}));
}

std::vector<JsonReader> JsonReader::objects(std::string_view name) {
  std::vector<JsonReader> objects;
  const Poco::JSON::Array::Ptr list = object_->json->getArray(std::string(name));
  if (list.isNull()) refuse(name, "is not a list");
  for (std::size_t i = 0; !list.isNull() && i < list->size(); ++i) {
    const Poco::JSON::Object::Ptr object = list->getObject(static_cast<unsigned>(i));
    if (object.isNull()) {
      refuse(name, "is not a list of objects");
    } else {
      objects.push_back(JsonReader(std::make_shared<Object>(Object{object})));
    }
  }
  return objects;
}

void JsonReader::refuse(std::string_view name, std::string_view why) {
  if (problem_.empty()) problem_ = fmt::format("not the JSON that was expected: '{}' {}", name, why);
}

}  // namespace mydht::protocol
