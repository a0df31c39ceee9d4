#include "top/format.hpp"

#include <cstdio>

namespace troupe_cli {

namespace {

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

// Three digits.
std::string digits(double value, const char* unit) {
  return print(value < 9.995 ? "%.2f %s" : value < 99.95 ? "%.1f %s" : "%.0f %s", value, unit);
}

} // namespace

std::string duration_text(std::chrono::microseconds time) {
  const auto micro = time.count() < 0 ? 0 : time.count();
  const auto seconds = micro / 1'000'000;
  if (micro < 1'000)
    return std::to_string(micro) + " us";
  if (micro < 999'500)
    return digits(static_cast<double>(micro) / 1e3, "ms");
  if (seconds < 60)
    return digits(static_cast<double>(micro) / 1e6, "s");
  const auto minutes = seconds / 60;
  if (minutes < 60)
    return print(
      "%lld min %02lld s", static_cast<long long>(minutes), static_cast<long long>(seconds % 60));
  const auto hours = minutes / 60;
  if (hours < 48)
    return print(
      "%lld h %02lld min", static_cast<long long>(hours), static_cast<long long>(minutes % 60));
  return print(
    "%lld d %02lld h", static_cast<long long>(hours / 24), static_cast<long long>(hours % 24));
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024)
    return std::to_string(bytes) + " B";
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 999.5 && unit < 5; ++unit)
    value /= 1024;
  return digits(value, units[unit]);
}

std::string count_text(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string rate_text(double rate) {
  if (rate < 0)
    return "-";
  if (rate >= 100)
    return count_text(static_cast<std::uint64_t>(rate + 0.5)) + "/s";
  return print(rate >= 10 ? "%.1f/s" : "%.2f/s", rate);
}

} // namespace troupe_cli
