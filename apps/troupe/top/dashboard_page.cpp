#include "top/dashboard_page.hpp"

namespace troupe_cli {

std::string dashboard_page(std::string_view nonce) {
  constexpr std::string_view mark = "{{nonce}}";
  std::string page(dashboard_template);
  for (std::size_t at = 0; (at = page.find(mark, at)) != std::string::npos; at += nonce.size())
    page.replace(at, mark.size(), nonce);
  return page;
}

std::string dashboard_policy(std::string_view nonce) {
  const auto own = "'nonce-" + std::string(nonce) + "'";
  return "default-src 'none'; script-src " + own + "; style-src " + own +
         "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
         "frame-ancestors 'none'";
}

} // namespace troupe_cli
