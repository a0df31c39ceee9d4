#pragma once

#include <troupe/pool_options.hpp>

#include <chrono>
#include <deque>
#include <optional>

namespace troupe::policy {

/// When a dead child is started again, and when the pool gives up. Erlang's rule: more than `intensity`
/// deaths within `period` are too many (https://www.erlang.org/doc/design_principles/sup_princ); and
/// so are `start_attempts` starts in a row that did not get as far as ready, which at the pace of the
/// backoff the first rule would find late. Pure: time comes in as an argument.
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

  std::size_t failed_starts() const noexcept { return failed_starts_; }

private:
  bool too_many(clock::time_point now);

  restart_options options_;
  std::deque<clock::time_point> deaths_; // within the period, at most intensity + 1
  std::size_t failed_starts_ = 0;
};

} // namespace troupe::policy
