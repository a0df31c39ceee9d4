#pragma once

#include "support/temporary_directory.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace troupe::fuzz {

using test::temporary_directory;

inline void write_file(
  const std::filesystem::path& path, const std::uint8_t* data, std::size_t size) {
  std::ofstream(path, std::ios::binary)
    .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
}

inline bool is_printable(std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f)
      return false;
  return true;
}

/// What is wrong with a file is said as "FILE:LINE", and harms no terminal.
inline void check_message(const std::filesystem::path& file, std::string_view message) {
  const auto begin = file.string() + ':';
  if (message.starts_with(begin) && message.size() > begin.size() && message[begin.size()] >= '1' &&
      message[begin.size()] <= '9' && is_printable(message))
    return;
  std::fprintf(
    stderr, "no message about a file: %.*s\n", static_cast<int>(message.size()), message.data());
  std::abort();
}

} // namespace troupe::fuzz
