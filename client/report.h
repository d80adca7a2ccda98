#pragma once

#include <string>
#include <string_view>

#include "client/options.h"
#include "common/protocol/json.h"
#include "common/result/result.h"

namespace mydht::client {

/// Tells the user why something was not done, on standard error: one line of text, or with --json the object
/// {"error": TEXT, "kind": KIND}. Which of many keys it is about stands in front, or is the object's `key`.
void reportError(const Options& options, const Error& error, std::string_view key = {});

/// A JSON object about a key, begun: `key`, `text` and `url` as in the nodes' own answers.
protocol::JsonWriter jsonAbout(std::string_view key);

/// Ends the object and prints it as a line of standard output.
Status printJson(protocol::JsonWriter& writer);

/// Says that a thing is done: `text`, or the object, or nothing with --quiet.
Status printDone(const Options& options, std::string_view text, protocol::JsonWriter& writer);

}  // namespace mydht::client
