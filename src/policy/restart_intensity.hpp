#pragma once

#include <troupe/restart_options.hpp>

#include <chrono>
#include <deque>
#include <optional>

namespace troupe::policy {

/// When a dead child is started again, and when the pool gives up. Erlang's rule: more than `intensity`
/// deaths within `period` are too many (https://www.erlang.org/doc/design_principles/sup_princ); and
/// so are `start_attempts` starts in a row that did not get as far as ready, which at the pace of the
/// backoff the first rule would find late. Deaths that a task has caused do not count; where there is
/// nothing else for a while, they are slowed down. Pure: time comes in as an argument.
class restart_intensity {
public:
  using clock = std::chrono::steady_clock;

  explicit restart_intensity(const restart_options& options)
    : options_(options) {}

  /// Some child has become ready.
  void ready() noexcept { failed_starts_ = 0; }

  /// A child that had been ready died at `now`. The delay before its successor starts, or nothing: give
  /// up.
  std::optional<std::chrono::milliseconds> died(clock::time_point now);

  /// A child died at `now` without ever having been ready. As `died`.
  std::optional<std::chrono::milliseconds> failed_to_start(clock::time_point now);

  /// A start failed in a pool that had ready children: the delay before it is tried again.
  std::chrono::milliseconds failed_to_restart() noexcept;

  /// A child died of a task, which is known, while `children` others are kept. The delay before its
  /// successor starts.
  std::chrono::milliseconds died_of_task(std::size_t children) noexcept;
  /// A task has ended well: not everything dies.
  void succeeded() noexcept { deaths_in_a_row_ = 0; }

  std::size_t failed_starts() const noexcept { return failed_starts_; }

private:
  bool too_many(clock::time_point now);
  std::chrono::milliseconds backoff() const noexcept;

  restart_options options_;
  std::deque<clock::time_point> deaths_; // within the period, at most intensity + 1
  std::size_t failed_starts_ = 0;
  std::size_t deaths_in_a_row_ = 0; // of tasks
};

} // namespace troupe::policy
