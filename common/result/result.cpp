#include "common/result/result.h"

#include <cstdio>
#include <cstdlib>

namespace mydht {

std::string_view kindName(Kind kind) {
  switch (kind) {
    case Kind::NotFound:
      return "not-found";
    case Kind::Conflict:
      return "conflict";
    case Kind::NotDone:
      return "not-done";
    case Kind::Unknown:
      return "unknown";
    case Kind::OlderRing:
      return "older-ring";
    case Kind::TooLarge:
      return "too-large";
    case Kind::BadRequest:
      return "bad-request";
    case Kind::Unauthorized:
      return "unauthorized";
    case Kind::Forbidden:
      return "forbidden";
    case Kind::Unavailable:
      return "unavailable";
    case Kind::Corrupt:
      return "corrupt";
    case Kind::Io:
      return "io";
    case Kind::NoSpace:
      return "no-space";
    case Kind::Stopped:
      return "stopped";
  }
  invariantBroken("a known kind", __FILE__, __LINE__);
}

void invariantBroken(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace mydht
