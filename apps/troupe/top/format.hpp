#pragma once

#include <chrono>
#include <cstdint>
#include <string>

// Numbers as people read them.
namespace troupe_cli {

/// "850 us", "12.3 ms", "4.56 s", "3 min 02 s", "2 h 05 min", "3 d 04 h".
std::string duration_text(std::chrono::microseconds time);

/// "512 B", "12.3 MiB".
std::string size_text(std::uint64_t bytes);

/// "1,234,567".
std::string count_text(std::uint64_t number);

/// A number of tasks in a second: "0.25/s", "1,234/s"; "-" if it is below 0, for not known.
std::string rate_text(double rate);

} // namespace troupe_cli
