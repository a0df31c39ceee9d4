#include "config/size_text.hpp"

#include "config/message_text.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <ranges>

namespace troupe::detail {

namespace {

struct size_unit {
  std::string_view name;
  std::uint64_t bytes;
};

// Those that sizes are written in stand first, from the smallest on.
constexpr std::array size_units{size_unit{"B", 1}, size_unit{"KiB", std::uint64_t{1} << 10},
  size_unit{"MiB", std::uint64_t{1} << 20}, size_unit{"GiB", std::uint64_t{1} << 30},
  size_unit{"TiB", std::uint64_t{1} << 40}, size_unit{"kB", 1'000}, size_unit{"MB", 1'000'000},
  size_unit{"GB", 1'000'000'000}, size_unit{"TB", 1'000'000'000'000}};
constexpr std::size_t written_units = 5;

const size_unit* find_size_unit(std::string_view name) {
  for (const auto& unit : size_units)
    if (unit.name == name)
      return &unit;
  return nullptr;
}

std::string size_unit_problem(std::string_view text, std::string_view unit_text) {
  const auto shown = quoted_for_message(text);
  if (unit_text.empty())
    return shown + " has no unit; write " + quoted_for_message(std::string(text) + "MiB") + " or " +
           quoted_for_message(std::string(text) + "B");
  if (unit_text[0] == '.' || unit_text[0] == ',')
    return shown + " is not a whole number; use a smaller unit: B, KiB, MiB, GiB or TiB";
  return shown + " has an unknown unit; write B, KiB, MiB, GiB or TiB right after the number, like "
                 "\"512MiB\"";
}

} // namespace

std::variant<std::uint64_t, std::string> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::invalid_argument)
    return quoted_for_message(text) +
           " is not a size; write a number and B, KiB, MiB, GiB or TiB, like \"512MiB\"";
  const auto unit_text = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto* found = find_size_unit(unit_text);
  if (found == nullptr)
    return size_unit_problem(text, unit_text);
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  if (error == std::errc::result_out_of_range || number > most / found->bytes)
    return most;
  return number * found->bytes;
}

std::string format_size(std::uint64_t bytes) {
  const auto written = std::span(size_units).first(written_units);
  for (const auto& unit : written | std::views::reverse)
    if (bytes != 0 && bytes % unit.bytes == 0)
      return std::to_string(bytes / unit.bytes).append(unit.name);
  return "0B";
}

} // namespace troupe::detail
