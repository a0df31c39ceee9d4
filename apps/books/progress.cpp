#include "progress.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace books {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t longest_bar = 40;
constexpr std::size_t shortest_bar = 8;

// To the beginning of the line, and what is on it away.
constexpr const char* start_over = "\r\x1b[K";

milliseconds interval_of(progress_style style) {
  return style == progress_style::terminal ? 100ms : 1000ms;
}

double rate_of(const progress& state, milliseconds elapsed) {
  return elapsed > 0ms
           ? 1000.0 * static_cast<double>(state.done) / static_cast<double>(elapsed.count())
           : 0.0;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::min(seconds, 359'999.0) + 0.5);
  if (whole < 3600)
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// What stands behind the bar.
std::string numbers(const progress& state, milliseconds elapsed) {
  const auto rate = rate_of(state, elapsed);
  const auto percent = state.total > 0 ? 100 * state.done / state.total : 100;
  auto out = fmt::format("{}/{} {}%, {:.0f}/s", state.done, state.total, percent, rate);
  if (state.done < state.total && rate > 0)
    out +=
      fmt::format(", {} left", clock_text(static_cast<double>(state.total - state.done) / rate));
  if (state.done >= state.total)
    out += fmt::format(", took {}", clock_text(static_cast<double>(elapsed.count()) / 1000.0));
  if (state.failed > 0)
    out += fmt::format(", {} failed", state.failed);
  return out;
}

} // namespace

std::string progress_bar(const progress& state, milliseconds elapsed, std::size_t width) {
  const auto text = numbers(state, elapsed);
  const auto around = state.label.size() + text.size() + 4; // blanks and brackets
  if (width < around + shortest_bar)
    return (state.label + ' ' + text).substr(0, width);
  const auto size = std::min(longest_bar, width - around);
  const auto full = state.total > 0 ? std::min(size, size * state.done / state.total) : size;
  return state.label + " [" + std::string(full, '#') + std::string(size - full, '.') + "] " + text;
}

std::string progress_text(const progress& state, milliseconds elapsed) {
  return state.label + ": " + numbers(state, elapsed);
}

progress_meter::progress_meter(
  progress_style style, std::string label, std::size_t total, time_point now)
  : style_(style)
  , state_{.label = std::move(label), .total = total}
  , start_(now)
  , next_(now + interval_of(style)) {}

std::string progress_meter::item_done(bool failed, time_point now, std::size_t width) {
  ++state_.done;
  if (failed)
    ++state_.failed;
  if (now < next_)
    return {};
  next_ = now + interval_of(style_);
  return render(now, width) + (style_ == progress_style::log ? "\n" : "");
}

std::string progress_meter::message(std::string_view text) const {
  const std::string line(text);
  return style_ == progress_style::terminal ? start_over + line + '\n' : line + '\n';
}

std::string progress_meter::finish(time_point now, std::size_t width) const {
  return render(now, width) + '\n';
}

std::string progress_meter::render(time_point now, std::size_t width) const {
  const auto elapsed = std::chrono::duration_cast<milliseconds>(now - start_);
  if (style_ == progress_style::log)
    return progress_text(state_, elapsed);
  // A line as wide as the terminal would make some terminals wrap.
  return start_over + progress_bar(state_, elapsed, width > 0 ? width - 1 : 0);
}

} // namespace books
