#pragma once

#include <string_view>

/// Names of headers and media types, said once for server and client.
namespace mydht::protocol {

/// How many home nodes have synced the write when it is answered, of how many wanted: `2/3`.
inline constexpr std::string_view kCopiesHeader = "Mydht-Copies";
/// What a refused write has done: `not-done` or `unknown`.
inline constexpr std::string_view kOutcomeHeader = "Mydht-Outcome";
/// The consistency that the answer has: `one`, `quorum` or `all`.
inline constexpr std::string_view kConsistencyHeader = "Mydht-Consistency";
/// The version of a value: microseconds since 1970, for haskey and for people; the order of versions is not in it.
inline constexpr std::string_view kTimestampHeader = "Mydht-Timestamp";
/// The SHA-256 of a node-to-node request's message, in hexadecimal: what its signature binds. The body behind the
/// message is bound by the digests inside messages, so that it can stream.
inline constexpr std::string_view kMessageDigestHeader = "Mydht-Message-Digest";

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProblemType = "application/problem+json";
inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";
/// Of messages between nodes.
inline constexpr std::string_view kPeerType = "application/x-mydht-peer";
/// Of values that were put without a type.
inline constexpr std::string_view kDefaultType = "application/octet-stream";

}  // namespace mydht::protocol
