#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace troupe::test {

/// The shared memory of this child's link, by its mappings: for children that write what they must not.
inline std::vector<std::span<std::uint8_t>> link_memory() {
  std::vector<std::span<std::uint8_t>> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (line.find("memfd:troupe-link") != std::string::npos &&
        std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2)
      found.emplace_back(reinterpret_cast<std::uint8_t*>(begin), end - begin);
  }
  return found;
}

} // namespace troupe::test
