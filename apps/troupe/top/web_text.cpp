#include "top/web_text.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <sys/random.h>

namespace troupe_cli {

std::string random_text(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  for (std::size_t filled = 0; filled < bytes;) {
    const auto got = ::getrandom(random.data() + filled, bytes - filled, 0);
    if (got > 0)
      filled += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      throw std::runtime_error(
        "the kernel gives no random bytes: " + std::generic_category().message(errno));
  }
  std::string text;
  for (const auto byte : random) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

bool same_secret(std::string_view given, std::string_view secret) noexcept {
  if (given.size() != secret.size())
    return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < secret.size(); ++i)
    difference = static_cast<unsigned char>(difference | (given[i] ^ secret[i]));
  return difference == 0;
}

bool is_loopback_host(std::string_view host) noexcept {
  const auto begins_with = [&](std::string_view name) {
    return host.size() >= name.size() &&
           std::equal(name.begin(), name.end(), host.begin(),
             [](char wanted, char c) { return wanted == (c >= 'A' && c <= 'Z' ? c + 32 : c); });
  };
  for (const std::string_view name : {"127.0.0.1", "localhost", "[::1]"}) {
    if (!begins_with(name))
      continue;
    const auto rest = host.substr(name.size());
    return rest.empty() || (rest.size() >= 2 && rest.size() <= 6 && rest[0] == ':' &&
                             rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
  }
  return false;
}

std::string_view path_of(std::string_view target) noexcept {
  return target.substr(0, target.find('?'));
}

std::string_view parameter_of(std::string_view target, std::string_view name) noexcept {
  for (auto rest = target.substr(path_of(target).size()); !rest.empty();) {
    rest.remove_prefix(1); // '?' or '&'
    const auto one = rest.substr(0, rest.find('&'));
    if (one.size() > name.size() && one.starts_with(name) && one[name.size()] == '=')
      return one.substr(name.size() + 1);
    rest.remove_prefix(one.size());
  }
  return {};
}

std::string event_text(std::string_view data) {
  std::string text;
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos)
      return text + "\n";
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

} // namespace troupe_cli
