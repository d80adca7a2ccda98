#pragma once

#include <string>
#include <string_view>

#include "common/protocol/shapes.h"
#include "server/api/context.h"

namespace mydht::api {

/// Text as it may stand in HTML, between tags and in quoted attributes.
std::string escapeHtml(std::string_view text);

/// What the status page says without scripts. Everything that came from outside is escaped.
std::string plainPageOf(const protocol::RingStatus& ring);

/// The status page, whole in itself: that, and the script and style that draw the same better and keep it up to date.
/// `readOnly`: why its reader may change nothing; empty if they may.
std::string pageOf(const protocol::RingStatus& ring, std::string_view readOnly);

/// What the page may do: its own style and script, which never make elements of text, and requests to this node.
std::string pagePolicy();

/// GET /
Task<http::Response> getPage(const Context& context, http::Request& request);
/// GET /_mydht/icon
Task<http::Response> getIcon(const Context& context, http::Request& request);

}  // namespace mydht::api
