#pragma once

#include <string>
#include <string_view>

#include "common/protocol/shapes.h"
#include "server/api/context.h"

namespace mydht::api {

/// Text as it may stand in HTML, between tags and in quoted attributes.
std::string escapeHtml(std::string_view text);

/// The status page: whole in itself, without scripts. Everything that came from outside is escaped.
std::string pageOf(const protocol::RingStatus& ring);

/// What the page may do: be styled by the sheet that it carries and show the icon, nothing else.
std::string pagePolicy();

/// GET /
Task<http::Response> getPage(const Context& context, http::Request& request);

}  // namespace mydht::api
