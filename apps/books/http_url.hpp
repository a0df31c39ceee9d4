#pragma once

#include <string>
#include <string_view>

namespace books {

/// The parts of an http:// URL that a request is made of.
struct http_url {
  std::string host; // without the brackets of an IPv6 address
  std::string port;
  std::string authority; // as in the Host header
  std::string target;    // path and query
};

/// Throws `std::invalid_argument`; the message starts with the URL.
http_url parse_http_url(std::string_view url);

/// The absolute URL that `href`, found in the page `base`, means (RFC 3986, section 5). Characters
/// that a URL cannot have are encoded, as browsers do. Throws `std::invalid_argument`.
std::string resolve_url(const std::string& base, std::string_view href);

} // namespace books
