#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace books {

/// How far a run is.
struct progress {
  std::string label;
  std::size_t total = 0;
  std::size_t done = 0;   // of these, whatever came of them
  std::size_t failed = 0; // of those that are done
};

/// "books [####....] 412/1000 41%, 823/s, 0:01 left" in at most `width` columns.
std::string progress_bar(
  const progress& state, std::chrono::milliseconds elapsed, std::size_t width);

/// The same without a bar, for logs.
std::string progress_text(const progress& state, std::chrono::milliseconds elapsed);

/// Where progress is shown.
enum class progress_style {
  terminal, // one line that is drawn over itself, at most 10 times a second
  log,      // lines, at most one a second
};

/// Decides when something is shown. Nothing here writes or looks at a clock: each function is told
/// the time, and gives the text to be written, often none.
class progress_meter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  progress_meter(progress_style style, std::string label, std::size_t total, time_point now);

  /// One more item is done.
  std::string item_done(bool failed, time_point now, std::size_t width);
  /// A message for between: `text` is one printable line.
  std::string message(std::string_view text) const;
  /// The last of it.
  std::string finish(time_point now, std::size_t width) const;

  const progress& state() const noexcept { return state_; }

private:
  std::string render(time_point now, std::size_t width) const;

  progress_style style_;
  progress state_;
  time_point start_;
  time_point next_;
};

} // namespace books
