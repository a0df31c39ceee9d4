#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace troupe_cli {

/// How far a run has come.
struct progress_counts {
  std::size_t done = 0;    ///< inputs that have ended, in this run
  std::size_t skipped = 0; ///< inputs that had ended in an earlier one
  std::size_t failed = 0;  ///< of `done`
  std::size_t running = 0;
  std::optional<double> total{}; ///< of all inputs, as far as it is known
  std::string slowest{};         ///< the input that has run longest
  std::chrono::milliseconds slowest_age{0};
  std::string note{}; ///< why nothing is started, or empty
};

/// "412 done, 3 failed, 8 running, 82/s, 0:13 left, slowest 12.3 s: foo": one printable line, cut to `width` columns
/// where that is not 0.
std::string progress_line(
  const progress_counts& counts, std::chrono::milliseconds elapsed, std::size_t width);

/// Shows it on stderr: on a terminal one line that is drawn over itself, ten times a second at most; elsewhere a line
/// every 30 seconds.
class progress_screen {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit progress_screen(bool quiet);

  /// When it wants to show something next.
  time_point next() const { return next_; }
  void show(const progress_counts& counts, time_point now);
  /// Removes the line, so that something else can be written.
  void clear();
  /// Writes one line between, or instead, of the progress.
  void say(const std::string& line);

private:
  bool quiet_;
  bool terminal_;
  bool painted_ = false;
  time_point start_;
  time_point next_;
};

/// "2 inputs have failed in earlier runs", and what can be done about them.
std::string failed_before_text(std::size_t count);

} // namespace troupe_cli
