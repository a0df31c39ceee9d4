#include "config/message_text.hpp"

#include <troupe/detail/json_value.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

namespace troupe::detail {

namespace {

__extension__ typedef __int128 wide;

struct time_unit {
  std::string_view name;
  std::int64_t numerator; // seconds
  std::int64_t denominator;
};

constexpr std::array units{time_unit{"h", 3600, 1}, time_unit{"m", 60, 1}, time_unit{"s", 1, 1},
  time_unit{"ms", 1, 1'000}, time_unit{"us", 1, 1'000'000}, time_unit{"ns", 1, 1'000'000'000}};

constexpr std::string_view like_a_duration = "a duration like \"30s\" or \"250ms\"";

[[noreturn]] void refuse_duration(const json_place& at, std::string_view text) {
  refuse_json(at, std::string(like_a_duration) + " is expected, this is " +
                    quoted_for_message(text) + "; the units are ns, us, ms, s, m and h");
}

const time_unit* unit_named(std::string_view name) {
  for (const auto& unit : units)
    if (unit.name == name)
      return &unit;
  return nullptr;
}

std::string_view duration_text(const json_value& value, const json_place& at) {
  if (value.what() != json_value::kind::string)
    refuse_json_kind(at, like_a_duration, value);
  return value.string();
}

template <class Number>
std::pair<Number, const time_unit*> split(std::string_view text, const json_place& at) {
  Number number{};
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const auto* unit = unit_named({rest, static_cast<std::size_t>(end - rest)});
  if (error != std::errc() || unit == nullptr)
    refuse_duration(at, text);
  return {number, unit};
}

void append_padded(std::string& out, std::uint64_t number, std::size_t width) {
  const auto digits = std::to_string(number);
  out.append(digits.size() < width ? width - digits.size() : 0, '0') += digits;
}

} // namespace

std::int64_t json_duration(
  const json_value& value, const json_place& at, std::int64_t numerator, std::int64_t denominator) {
  const auto text = duration_text(value, at);
  const auto [number, unit] = split<std::int64_t>(text, at);
  // Number * unit is seconds; divided by numerator / denominator it is the count.
  const auto top = wide(number) * unit->numerator * denominator;
  const auto bottom = wide(unit->denominator) * numerator;
  if (top % bottom != 0)
    refuse_json(at, quoted_for_message(text) +
                      " is not a whole number of what is counted, which is " +
                      std::to_string(numerator) + "/" + std::to_string(denominator) + " s");
  const auto count = top / bottom;
  if (count > std::numeric_limits<std::int64_t>::max() ||
      count < std::numeric_limits<std::int64_t>::min())
    refuse_json(at, "this duration is too long");
  return static_cast<std::int64_t>(count);
}

double json_real_duration(
  const json_value& value, const json_place& at, std::int64_t numerator, std::int64_t denominator) {
  const auto [number, unit] = split<double>(duration_text(value, at), at);
  return number * static_cast<double>(unit->numerator) / static_cast<double>(unit->denominator) *
         static_cast<double>(denominator) / static_cast<double>(numerator);
}

void json_writer::duration(std::int64_t count, std::int64_t numerator, std::int64_t denominator) {
  // The largest unit of which the period is a multiple.
  for (const auto& unit : units) {
    const auto top = wide(numerator) * unit.denominator;
    const auto bottom = wide(denominator) * unit.numerator;
    if (top % bottom != 0)
      continue;
    const auto total = wide(count) * (top / bottom);
    if (total > std::numeric_limits<std::int64_t>::max() ||
        total < std::numeric_limits<std::int64_t>::min())
      continue;
    raw('"');
    integer(static_cast<std::int64_t>(total));
    raw(unit.name);
    return raw('"');
  }
  const auto seconds =
    static_cast<double>(count) * static_cast<double>(numerator) / static_cast<double>(denominator);
  raw('"');
  number(seconds, json_place{nullptr, "the result"});
  raw("s\"");
}

void json_writer::duration(
  double count, std::int64_t numerator, std::int64_t denominator, const json_place& at) {
  raw('"');
  number(count * static_cast<double>(numerator) / static_cast<double>(denominator), at);
  raw("s\"");
}

// -- dates and times ------------------------------------------------------------------------------------

namespace {

// Reads "2026-05-01T12:30:00.25Z" from left to right.
class time_reader {
public:
  explicit time_reader(std::string_view text)
    : rest_(text) {}

  std::optional<unsigned> digits(std::size_t count) {
    if (rest_.size() < count)
      return std::nullopt;
    unsigned value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9')
        return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool sign(char c) {
    if (!rest_.starts_with(c))
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() const { return rest_.empty(); }
  std::size_t leading_digits() const {
    return std::min(rest_.find_first_not_of("0123456789"), rest_.size());
  }

private:
  std::string_view rest_;
};

std::optional<std::chrono::year_month_day> read_date(time_reader& in) {
  using namespace std::chrono;
  const auto y = in.digits(4);
  if (!y || !in.sign('-'))
    return std::nullopt;
  const auto m = in.digits(2);
  if (!m || !in.sign('-'))
    return std::nullopt;
  const auto d = in.digits(2);
  if (!d)
    return std::nullopt;
  const year_month_day date{year(static_cast<int>(*y)), month(*m), day(*d)};
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::optional<std::chrono::nanoseconds> read_time_of_day(time_reader& in) {
  using namespace std::chrono;
  const auto h = in.digits(2);
  if (!h || *h > 23 || !in.sign(':'))
    return std::nullopt;
  const auto m = in.digits(2);
  if (!m || *m > 59 || !in.sign(':'))
    return std::nullopt;
  const auto s = in.digits(2);
  if (!s || *s > 59)
    return std::nullopt;
  nanoseconds fraction{0};
  if (in.sign('.')) {
    const auto count = in.leading_digits();
    const auto digits = count == 0 || count > 9 ? std::nullopt : in.digits(count);
    if (!digits)
      return std::nullopt;
    std::int64_t value = *digits;
    for (auto i = count; i < 9; ++i)
      value *= 10;
    fraction = nanoseconds(value);
  }
  return hours(*h) + minutes(*m) + seconds(*s) + fraction;
}

} // namespace

json_date json_date_of(const json_value& value, const json_place& at) {
  const auto text = json_text(value, at);
  time_reader in(text);
  const auto date = read_date(in);
  if (!date || !in.at_end())
    refuse_json(at, "a date like \"2026-05-01\" is expected, this is " + quoted_for_message(text));
  return {static_cast<int>(date->year()), static_cast<unsigned>(date->month()),
    static_cast<unsigned>(date->day())};
}

std::int64_t json_time(const json_value& value, const json_place& at) {
  using namespace std::chrono;
  const auto text = json_text(value, at);
  time_reader in(text);
  const auto date = read_date(in);
  const auto time = date && in.sign('T') ? read_time_of_day(in) : std::nullopt;
  if (!time || !in.sign('Z') || !in.at_end())
    refuse_json(
      at, "a time like \"2026-05-01T12:30:00Z\" is expected, this is " + quoted_for_message(text));
  // What 64 bits of nanoseconds can say, without the years at both ends.
  if (date->year() < year(1678) || date->year() > year(2261))
    refuse_json(
      at, "a time from the year 1678 to 2261 is expected, this is " + quoted_for_message(text));
  return (nanoseconds(sys_days(*date).time_since_epoch()) + *time).count();
}

void json_writer::date(const json_date& date) {
  raw('"');
  append_padded(out_, static_cast<std::uint64_t>(std::max(date.year, 0)), 4);
  raw('-');
  append_padded(out_, date.month, 2);
  raw('-');
  append_padded(out_, date.day, 2);
  raw('"');
}

void json_writer::time(std::int64_t nanoseconds_since_1970) {
  using namespace std::chrono;
  const nanoseconds since(nanoseconds_since_1970);
  const auto day_number = floor<days>(since);
  const year_month_day date{sys_days(day_number)};
  const hh_mm_ss time{since - day_number};
  std::string text;
  append_padded(text, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  for (const auto part : {static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())})
    append_padded(text += '-', part, 2);
  append_padded(text += 'T', static_cast<std::uint64_t>(time.hours().count()), 2);
  append_padded(text += ':', static_cast<std::uint64_t>(time.minutes().count()), 2);
  append_padded(text += ':', static_cast<std::uint64_t>(time.seconds().count()), 2);
  if (const auto fraction = time.subseconds().count(); fraction != 0) {
    append_padded(text += '.', static_cast<std::uint64_t>(fraction), 9);
    text.erase(text.find_last_not_of('0') + 1);
  }
  raw('"');
  raw(text);
  raw("Z\"");
}

} // namespace troupe::detail
