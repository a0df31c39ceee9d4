#pragma once

#include <troupe/detail/std_parts.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe_cli {

/// "500ms", "2s", "1.5m", "3h": a time with its unit, up to a year. Nothing if it is no such.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "512MiB", "2GB", "100KiB", "7B": a size with its unit, in bytes. Nothing if it is no such.
std::optional<std::size_t> parse_size(std::string_view text);

/// "0:07", "12:03", "3:04:05".
std::string clock_text(std::chrono::seconds time);

/// "850 ms", "12.3 s".
std::string duration_text(std::chrono::milliseconds time);

} // namespace troupe_cli
