#pragma once

#include <string_view>

namespace mydht {

enum class Severity { Debug, Info, Warn, Error };

/// As it stands in a journal's lines: `WARN`.
constexpr std::string_view severityName(Severity severity) {
  constexpr std::string_view kNames[] = {"DEBUG", "INFO", "WARN", "ERROR"};
  return kNames[static_cast<int>(severity)];
}

/// Where events are written down, one line each. Never blocks and never fails its caller. Any thread.
class Journal {
 public:
  /// event: `part.what`, for example membership.suspect; fields: `name=value` pairs with spaces between, values
  /// escaped.
  virtual void note(Severity severity, std::string_view event, std::string_view fields) = 0;

 protected:
  ~Journal() = default;
};

}  // namespace mydht
