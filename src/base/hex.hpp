#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace troupe::base {

/// As addresses are written: "0x7f12".
inline std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

} // namespace troupe::base
