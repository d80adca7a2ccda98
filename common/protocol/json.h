#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result/limits.h"
#include "common/result/result.h"

/// JSON as this folder needs it: a printer, and a reader that hides Poco::JSON (its headers cost more to compile than
/// all the rest here). Used by this folder and, to print, by the client.
namespace mydht::protocol {

/// Whether bytes are UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool isUtf8(std::string_view bytes);

/// Prints one JSON value from left to right. `<`, `>` and `&` are escaped, so that it may stand in a page; bytes that
/// are not UTF-8 become U+FFFD. A plain value; one thread at a time.
class JsonWriter {
 public:
  JsonWriter& beginObject(std::string_view name = {});
  JsonWriter& endObject();
  JsonWriter& beginList(std::string_view name);
  JsonWriter& endList();
  JsonWriter& text(std::string_view name, std::string_view value);
  JsonWriter& number(std::string_view name, std::uint64_t value);
  /// A number that may be negative.
  JsonWriter& signedNumber(std::string_view name, std::int64_t value);
  /// Microseconds, from 0 on, as seconds with six decimals.
  JsonWriter& seconds(std::string_view name, std::int64_t micros);
  JsonWriter& numbers(std::string_view name, const std::vector<std::uint64_t>& values);
  JsonWriter& flag(std::string_view name, bool value);
  /// 16 hexadecimal digits in quotes.
  JsonWriter& identity(std::string_view name, std::uint64_t value);
  /// A text in a list.
  JsonWriter& element(std::string_view value);

  std::string take() { return std::move(text_); }

 private:
  void begin(std::string_view name);
  void quote(std::string_view value);

  std::string text_;
  bool first_ = true;
};

/// An object that was read. Members are taken by name; the first that is missing or of another type is remembered and
/// told by status(), so that a reader takes all and asks once. Copies share what was read, which does not change. One
/// thread at a time.
class JsonReader {
 public:
  /// BadRequest if it is not one JSON object, or deeper than any of ours, or longer than `mostBytes`.
  static Result<JsonReader> parse(std::string_view json, std::size_t mostBytes = limits::kMessageBytes);

  bool has(std::string_view name) const;
  std::string text(std::string_view name);
  /// From 0 on.
  std::uint64_t number(std::string_view name, std::uint64_t most = UINT64_MAX);
  /// At most 2^53 either way: Poco 1.11 rounds negative numbers beyond.
  std::int64_t signedNumber(std::string_view name);
  /// What JsonWriter::seconds printed, in microseconds; exact up to the year 2106, where doubles begin to round them.
  std::int64_t seconds(std::string_view name);
  std::vector<std::uint64_t> numbers(std::string_view name);
  bool flag(std::string_view name);
  std::uint64_t identity(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  /// An object in this one; an empty one if it is not there.
  JsonReader object(std::string_view name);
  std::vector<JsonReader> objects(std::string_view name);

  /// Remembers that a member makes no sense.
  void refuse(std::string_view name, std::string_view why);
  Status status() const { return problem_.empty() ? Status() : Status(Error{Kind::BadRequest, problem_}); }

 private:
  struct Object;
  explicit JsonReader(std::shared_ptr<const Object> object) : object_(std::move(object)) {}

  std::shared_ptr<const Object> object_;
  std::string problem_;
};

/// A key's members: `key`, `text` if it is UTF-8, and `url`.
void writeKey(JsonWriter& writer, std::string_view key);
/// The members of a prefix of keys: `prefix`, and `text` if it is UTF-8.
void writePrefix(JsonWriter& writer, std::string_view prefix);

}  // namespace mydht::protocol
