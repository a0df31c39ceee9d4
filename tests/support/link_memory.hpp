#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// The mappings of this process whose line in /proc/self/maps has both texts in it.
inline std::vector<std::span<std::uint8_t>> mappings_of(
  std::string_view name, std::string_view permissions = {}) {
  std::vector<std::span<std::uint8_t>> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (line.find(name) != std::string::npos && line.find(permissions) != std::string::npos &&
        std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2)
      found.emplace_back(reinterpret_cast<std::uint8_t*>(begin), end - begin);
  }
  return found;
}

/// The shared memory of this child's link, by its mappings: for children that write what they must not.
inline std::vector<std::span<std::uint8_t>> link_memory() {
  return mappings_of("memfd:troupe-link");
}

} // namespace troupe::test
