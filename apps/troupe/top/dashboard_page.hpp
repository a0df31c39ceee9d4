#pragma once

#include <string>
#include <string_view>

namespace troupe_cli {

/// The text of dashboard.html, in which "{{nonce}}" stands for the nonce.
extern const std::string_view dashboard_template;

/// The page. What has not its nonce, text without letters that HTML knows, is not run by a browser that obeys
/// `dashboard_policy`.
std::string dashboard_page(std::string_view nonce);

/// What the page may do, as a Content-Security-Policy: run its own script, have its own style, and read from its server.
std::string dashboard_policy(std::string_view nonce);

} // namespace troupe_cli
