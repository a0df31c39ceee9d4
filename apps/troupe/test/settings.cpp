#include "test/settings.hpp"

#include <array>
#include <cmath>
#include <cstdlib>

namespace troupe_cli::test {
namespace {

template <class T>
void take(const std::optional<T>& from, T& to) {
  if (from)
    to = *from;
}

struct unit {
  std::string_view name;
  double milliseconds;
};
constexpr std::array units{
  unit{"ms", 1}, unit{"s", 1000}, unit{"m", 60'000}, unit{"min", 60'000}, unit{"h", 3'600'000}};
constexpr double longest_milliseconds = 24.0 * 3'600'000;

} // namespace

test_settings settings_for(const settings_file& from, const std::string& binary,
  const test_case& which, test_settings base) {
  for (const auto& each : from.entries) {
    if (each.which && !each.which->matches(binary, which))
      continue;
    take(each.timeout, base.timeout);
    take(each.slow, base.slow);
    take(each.retries, base.retries);
    take(each.weight, base.weight);
    take(each.serial, base.serial);
    take(each.fork, base.fork);
    base.exclusive.insert(base.exclusive.end(), each.exclusive.begin(), each.exclusive.end());
    base.environment.insert(
      base.environment.end(), each.environment.begin(), each.environment.end());
  }
  return base;
}

std::optional<std::chrono::milliseconds> read_duration(std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789.");
  if (digits == 0 || digits == std::string_view::npos)
    return std::nullopt;
  const std::string number(text.substr(0, digits));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (end != number.c_str() + number.size())
    return std::nullopt;
  for (const auto& each : units)
    if (text.substr(digits) == each.name) {
      const double total = value * each.milliseconds;
      if (total > longest_milliseconds)
        return std::nullopt;
      return std::chrono::milliseconds{std::llround(total)};
    }
  return std::nullopt;
}

} // namespace troupe_cli::test
