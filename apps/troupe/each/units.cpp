#include "each/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace troupe_cli {
namespace {

template <std::size_t N>
std::optional<double> parse_with_unit(
  std::string_view text, const std::array<std::pair<std::string_view, double>, N>& units) {
  double number = 0;
  const auto [end, error] =
    std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0))
    return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, factor] : units) {
    if (unit == name)
      return number * factor;
  }
  return std::nullopt;
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 4> units{
    {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};
  static constexpr double year = 365.0 * 24 * 3.6e6;
  const auto value = parse_with_unit(text, units);
  if (!value || *value > year)
    return std::nullopt;
  return std::chrono::milliseconds(std::llround(*value));
}

std::optional<std::size_t> parse_size(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> units{
    {{"B", 1}, {"KiB", 1024.0}, {"MiB", 1024.0 * 1024}, {"GiB", 1024.0 * 1024 * 1024},
      {"TiB", 1024.0 * 1024 * 1024 * 1024}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}}};
  const auto value = parse_with_unit(text, units);
  if (!value || *value > 1e18)
    return std::nullopt;
  return static_cast<std::size_t>(*value);
}

std::string clock_text(std::chrono::seconds time) {
  const auto all = static_cast<long long>(time.count());
  char text[64];
  if (all < 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld", all / 60, all % 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", all / 3600, all / 60 % 60, all % 60);
  return text;
}

std::string duration_text(std::chrono::milliseconds time) {
  if (time.count() < 1000)
    return std::to_string(time.count()) + " ms";
  char text[64];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time.count()) / 1000);
  return text;
}

} // namespace troupe_cli
