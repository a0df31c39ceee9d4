#include "each/rules.hpp"

#include "problems.hpp"
#include "text/terminal_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace troupe_cli {
namespace {

std::optional<std::size_t> parse_count(std::string_view text, std::size_t most) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most)
    return std::nullopt;
  return value;
}

constexpr std::size_t most_retries = 1'000'000;

bool is_cause(std::string_view cause) {
  static constexpr std::array<std::string_view, 5> known{
    "exit", "signal", "timeout", "start", "lost"};
  return std::find(known.begin(), known.end(), cause) != known.end() ||
         (cause.starts_with("exit:") && parse_count(cause.substr(5), 255));
}

usage_problem retries_problem(std::string_view text) {
  return usage_problem("--retries: \"" + text::printable(text) +
                       "\" is neither a number nor a list such as timeout=2,exit:75=5; the causes "
                       "are exit, exit:CODE, signal, timeout, start and lost");
}

} // namespace

const char* word_of(outcome what) {
  switch (what) {
  case outcome::ok:
    return "ok";
  case outcome::exit_code:
    return "exit";
  case outcome::signal:
    return "signal";
  case outcome::timeout:
    return "timeout";
  case outcome::not_started:
    return "start";
  case outcome::lost:
    return "lost";
  case outcome::cancelled:
    break;
  }
  return "cancelled";
}

outcome outcome_of(const command_end& end) {
  switch (end.cause) {
  case end_cause::timeout:
    return outcome::timeout;
  case end_cause::cancelled:
    return outcome::cancelled;
  case end_cause::not_started:
    return outcome::not_started;
  case end_cause::itself:
    break;
  }
  if (end.signal != 0)
    return outcome::signal;
  return end.exit_code == 0 ? outcome::ok : outcome::exit_code;
}

retry_rules retry_rules::parse(std::string_view text) {
  retry_rules rules;
  if (const auto all = parse_count(text, most_retries)) {
    for (const char* cause : {"exit", "signal", "timeout", "start", "lost"})
      rules.by_cause_[cause] = *all;
    return rules;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto rule = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const auto equals = std::min(rule.find('='), rule.size());
    const auto count =
      equals == rule.size() ? std::nullopt : parse_count(rule.substr(equals + 1), most_retries);
    if (!count || !is_cause(rule.substr(0, equals)))
      throw retries_problem(text);
    rules.by_cause_[std::string(rule.substr(0, equals))] = *count;
  }
  if (rules.by_cause_.empty())
    throw retries_problem(text);
  return rules;
}

bool retry_rules::again(outcome what, int exit_code, std::size_t attempt) const {
  if (what == outcome::ok || what == outcome::cancelled)
    return false;
  auto found = by_cause_.end();
  if (what == outcome::exit_code)
    found = by_cause_.find("exit:" + std::to_string(exit_code));
  if (found == by_cause_.end())
    found = by_cause_.find(word_of(what));
  return found != by_cause_.end() && attempt <= found->second;
}

halt_rule halt_rule::parse(std::string_view text) {
  halt_rule rule;
  const auto problem = [&] {
    return usage_problem("--halt: \"" + text::printable(text) +
                         "\" is not now or soon, and ,fail=N or ,fail=P%: for example soon,fail=1");
  };
  const auto comma = text.find(",fail=");
  if (comma == std::string_view::npos)
    throw problem();
  const auto manner_text = text.substr(0, comma);
  auto number = text.substr(comma + 6);
  rule.percent_ = number.ends_with('%');
  if (rule.percent_)
    number.remove_suffix(1);
  const auto limit = parse_count(number, rule.percent_ ? 100 : 1'000'000'000);
  if (!limit || *limit == 0 || (manner_text != "now" && manner_text != "soon"))
    throw problem();
  rule.how_ = manner_text == "now" ? manner::now : manner::soon;
  rule.limit_ = *limit;
  return rule;
}

bool halt_rule::reached(std::size_t failed, std::size_t ended) const noexcept {
  if (how_ == manner::never)
    return false;
  if (!percent_)
    return failed >= limit_;
  return ended >= 3 && failed * 100 >= limit_ * ended;
}

} // namespace troupe_cli
