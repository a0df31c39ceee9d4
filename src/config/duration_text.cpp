#include "config/duration_text.hpp"

#include "config/message_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace troupe::detail {

namespace {

using std::chrono::milliseconds;

struct unit {
  std::string_view name;
  std::int64_t milliseconds;
};

constexpr std::array units{
  unit{"h", 3'600'000}, unit{"m", 60'000}, unit{"s", 1'000}, unit{"ms", 1}}; // largest first

const unit* find_unit(std::string_view name) {
  for (const auto& candidate : units)
    if (candidate.name == name)
      return &candidate;
  return nullptr;
}

milliseconds saturating_product(std::int64_t number, std::int64_t factor) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  if (number > max / factor)
    return milliseconds::max();
  if (number < -(max / factor))
    return milliseconds::min();
  return milliseconds(number * factor);
}

std::string unit_problem(
  std::string_view text, std::string_view number, std::string_view unit_text) {
  const auto shown = quoted_for_message(text);
  const auto with_unit = [&](std::string_view name) {
    return quoted_for_message(std::string(number).append(name));
  };
  if (unit_text.empty())
    return shown + " has no unit; write " + with_unit("s") + " or " + with_unit("ms");
  if (unit_text[0] == '.' || unit_text[0] == ',')
    return shown + " is not a whole number; use a smaller unit: ms, s, m or h";
  const auto start = unit_text.find_first_not_of(" \t");
  if (start != 0 && start != std::string_view::npos && find_unit(unit_text.substr(start)))
    return shown + " has a space in it; write " + with_unit(unit_text.substr(start));
  return shown + " has an unknown unit; write ms, s, m or h right after the number, like \"30s\"";
}

} // namespace

std::variant<milliseconds, std::string> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::invalid_argument)
    return quoted_for_message(text) +
           " is not a duration; write a number and ms, s, m or h, like \"30s\"";
  const auto number_text = text.substr(0, static_cast<std::size_t>(end - text.data()));
  const auto unit_text = text.substr(number_text.size());
  const auto* found = find_unit(unit_text);
  if (!found)
    return unit_problem(text, number_text, unit_text);
  if (error == std::errc::result_out_of_range)
    return text[0] == '-' ? milliseconds::min() : milliseconds::max();
  return saturating_product(number, found->milliseconds);
}

std::string format_duration(milliseconds duration) {
  for (const auto& candidate : units)
    if (duration.count() != 0 && duration.count() % candidate.milliseconds == 0)
      return std::to_string(duration.count() / candidate.milliseconds).append(candidate.name);
  return "0ms";
}

} // namespace troupe::detail
