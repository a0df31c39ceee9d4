#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstddef>
#include <exception>
#include <string>

#pragma GCC visibility push(default)

namespace troupe {

/// Whether a failure is one of the types `Errors`: for `retry_options::retry_on`, for example
/// `.retry_on = troupe::retry_on<std::system_error, troupe::child_lost>`. Derived types count.
template <class... Errors>
bool retry_on(const std::exception_ptr& failure) {
  const auto is = [&failure]<class Error>(const Error*) {
    try {
      std::rethrow_exception(failure);
    } catch (const Error&) {
      return true;
    } catch (...) {
      return false;
    }
  };
  return (is(static_cast<const Errors*>(nullptr)) || ...);
}

/// Whether and when a task that failed is run again. A failure is what the task threw, the death of its
/// child (`child_lost`) or its timeout (`task_timeout`).
///
/// The wait before attempt n + 1 is `backoff` times 2^(n - 1), at most `max_backoff`, of which the part
/// `jitter` is random, so that tasks that failed together do not come back together ("Exponential
/// Backoff And Jitter", AWS Architecture Blog, 2015).
struct retry_options {
  /// Times that the task is run at most, the first one included. 1 to 1,000,000; 1: no retry.
  std::size_t max_attempts = 1;
  /// 0 to 1 day.
  std::chrono::milliseconds backoff{100};
  /// 0 to 1 day.
  std::chrono::milliseconds max_backoff{10'000};
  /// 0 (the wait is exact) to 1 (it is anything from 0 to the full time).
  double jitter = 0.5;
  /// Which failures are worth another attempt; null: all. Called in the parent, on the event loop.
  bool (*retry_on)(const std::exception_ptr& failure) = nullptr;

  friend bool operator==(const retry_options&, const retry_options&) = default;
};

/// What can be said about one task. Give it as the first argument:
/// `pool.apply(troupe::task_options{.name = "resize", .timeout = 2s}, resize, image)`.
/// Values out of range make the call that submits throw `std::invalid_argument`.
struct task_options {
  /// Appears in errors and is shown to the scheduler.
  std::string name{};

  /// Time that one attempt may run, from its start in a child; 0: no limit. Up to 1 day. When it has
  /// passed, the task fails with `task_timeout` at once, or is tried again if `retries` say so, and
  /// what still runs is stopped as by `task_future::cancel`.
  std::chrono::nanoseconds timeout{0};

  /// Time from the submission in which the task must have been started, or it fails with
  /// `task_expired`; 0: no limit. Up to 1 day.
  std::chrono::nanoseconds expires{0};

  retry_options retries{};

  /// The task may be run again after its child died with it, unless it was on the child's CPU at that
  /// moment. False, and no retries: a task that was started is never started a second time.
  bool idempotent = false;

  /// Tasks of a higher priority are sent to a child before others that wait in the same queue. A
  /// task's waiting counts as well, so that none starves: each unit is worth 100 ms of it, which means
  /// that a task of priority p overtakes those submitted less than p times 100 ms before it. -1000 to
  /// 1000.
  int priority = 0;

  /// Shown to the scheduler: `by_key` gives all tasks of one key to the same queue.
  std::string key{};

  friend bool operator==(const task_options&, const task_options&) = default;
};

} // namespace troupe

#pragma GCC visibility pop
