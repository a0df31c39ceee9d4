#include "each/progress.hpp"

#include "each/units.hpp"
#include "text/terminal_text.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace troupe_cli {
namespace {

constexpr std::chrono::milliseconds terminal_interval{100};
constexpr std::chrono::seconds log_interval{30};
constexpr std::chrono::milliseconds worth_showing{1000};

std::size_t screen_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// Progress is of no use where stderr cannot be written to, and no reason to stop.
void write_error(std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(STDERR_FILENO, text.data(), text.size());
    if (size <= 0)
      return;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

// Not in the middle of a character.
void cut(std::string& line, std::size_t width) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (begins && ++columns > width) {
      line.resize(i);
      return;
    }
  }
}

std::string rate_text(double rate) {
  char text[64];
  std::snprintf(text, sizeof text, rate < 10 ? ", %.1f/s" : ", %.0f/s", rate);
  return text;
}

} // namespace

std::string progress_line(
  const progress_counts& counts, std::chrono::milliseconds elapsed, std::size_t width) {
  auto line = std::to_string(counts.done + counts.skipped) + " done";
  if (counts.skipped > 0)
    line += " (" + std::to_string(counts.skipped) + " before)";
  line += ", " + std::to_string(counts.failed) + " failed, " + std::to_string(counts.running) +
          " running";
  const auto seconds = std::chrono::duration<double>(elapsed).count();
  if (counts.done > 0 && seconds > 0) {
    const auto rate = static_cast<double>(counts.done) / seconds;
    line += rate_text(rate);
    const auto left = counts.total.value_or(0) - static_cast<double>(counts.done + counts.skipped);
    if (left >= 1)
      line += ", " +
              clock_text(std::chrono::seconds(static_cast<long long>(std::min(left / rate, 1e9)))) +
              " left";
  }
  if (!counts.note.empty())
    line += ", " + counts.note;
  if (counts.slowest_age >= worth_showing)
    line +=
      ", slowest " + duration_text(counts.slowest_age) + ": " + text::printable(counts.slowest);
  if (width != 0)
    cut(line, width);
  return line;
}

progress_screen::progress_screen(bool quiet)
  : quiet_(quiet)
  , terminal_(::isatty(STDERR_FILENO) == 1)
  , start_(std::chrono::steady_clock::now())
  , next_(quiet ? time_point::max()
                : start_ + (terminal_ ? time_point::duration(terminal_interval)
                                      : time_point::duration(log_interval))) {}

void progress_screen::show(const progress_counts& counts, time_point now) {
  if (now < next_)
    return;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - start_);
  if (terminal_) {
    write_error("\r" + progress_line(counts, elapsed, screen_width() - 1) + "\x1b[K");
    painted_ = true;
    next_ = now + terminal_interval;
  } else {
    write_error("troupe each: " + progress_line(counts, elapsed, 0) + '\n');
    next_ = now + log_interval;
  }
}

void progress_screen::clear() {
  if (painted_)
    write_error("\r\x1b[K");
  painted_ = false;
}

void progress_screen::say(const std::string& line) {
  clear();
  write_error("troupe each: " + line + '\n');
}

std::string failed_before_text(std::size_t count) {
  return count == 1 ? "an input has failed in an earlier run; --retry-failed runs it again"
                    : std::to_string(count) +
                        " inputs have failed in earlier runs; --retry-failed runs them again";
}

} // namespace troupe_cli
