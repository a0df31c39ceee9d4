#include "http_url.hpp"

#include <libxml/uri.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace books {
namespace {

[[noreturn]] void refuse(std::string_view url, const std::string& problem) {
  throw std::invalid_argument(std::string(url) + ": " + problem);
}

bool belongs_in_url(char c) {
  return c > ' ' && c < 0x7F && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

bool is_port(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, digit);
}

std::string encode(std::string_view href) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : href) {
    const auto byte = static_cast<unsigned char>(c);
    if (belongs_in_url(c))
      out += c;
    else
      out.append({'%', digits[byte >> 4], digits[byte & 0xF]});
  }
  return out;
}

} // namespace

http_url parse_http_url(std::string_view url) {
  static constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme))
    refuse(url, "not an http:// URL");
  if (!std::ranges::all_of(url, belongs_in_url))
    refuse(url, "has a character that must be percent-encoded");
  const auto rest = url.substr(scheme.size(), url.find('#') - scheme.size());
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  const auto path = rest.substr(authority.size());
  if (authority.find('@') != std::string_view::npos)
    refuse(url, "user names are not supported");
  // The colons of an IPv6 address are inside of its brackets.
  const auto bracket = authority.find(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto host = authority.substr(0, colon);
  const auto port = colon == std::string_view::npos ? "80" : authority.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  if (host.empty() || !is_port(port))
    refuse(url, "has no valid host and port");
  return {.host = std::string(host),
    .port = std::string(port),
    .authority = std::string(authority),
    .target = path.starts_with('/') ? std::string(path) : '/' + std::string(path)};
}

std::string resolve_url(const std::string& base, std::string_view href) {
  const auto encoded = encode(href);
  const auto chars = [](const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
  };
  const std::unique_ptr<xmlChar, void (*)(void*)> resolved(
    xmlBuildURI(chars(encoded), chars(base)), [](void* text) { xmlFree(text); });
  if (!resolved)
    refuse(href, "not a link that " + base + " can contain");
  return reinterpret_cast<const char*>(resolved.get());
}

} // namespace books
