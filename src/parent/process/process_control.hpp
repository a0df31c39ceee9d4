#pragma once

#include "parent/process/process_registry.hpp"
#include "parent/process/single_process.hpp"

#include <troupe/call.hpp>
#include <troupe/detail/task_state.hpp>
#include <troupe/process_options.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::parent {

/// What stands behind `process` and `worker`: what users see of one call on a child of its own.
///
///     created ──start──▶ starting ──launched──▶ running ──child is gone──▶ ended ──close──▶ closed
///
/// Its child is driven by a `single_process`, on the loop's thread. Blocked callers wait for two promises:
/// `launch_`, which is resolved when the pid is known, and `call_`, which is resolved when the child is
/// gone. Coroutines leave a waiter of their own.
///
/// From any thread; where the state does not allow it the functions throw `std::logic_error`.
class process_control final : public std::enable_shared_from_this<process_control>,
                              single_process::owner {
public:
  using failures = single_process::failures;

  /// Throws `std::invalid_argument`.
  process_control(loop::event_loop& loop, launcher& with, process_registry& registry,
    exports& known, const bound_call& call, process_options options, failures its_failures);
  ~process_control();

  void start();
  void start_then(const detail::promise_ptr& waiter);
  void join();
  /// Throws `process_timeout`.
  void join_until(std::chrono::steady_clock::time_point deadline);
  /// Starts it if it was not started.
  void end_then(const detail::promise_ptr& waiter);
  void signal(int number, const std::string& reason);
  void close();

  bool is_alive() const;
  pid_t pid() const;
  std::optional<int> exit_code() const;
  const std::string& name() const noexcept { return options_->name; }
  void check_not_closed() const;
  bool daemon() const;
  void set_daemon(bool daemon);
  /// The call, with its outcome.
  detail::task_ptr completed_call() const;

  /// A daemonic process is terminated, and killed if it does not react.
  void runtime_ends();

private:
  enum class stage { created, starting, running, ended, closed };

  // Requires the lock.
  void check_open() const;
  bool is_underway() const noexcept {
    return stage_ == stage::starting || stage_ == stage::running;
  }
  void begin_locked();
  detail::task_ptr call_to_join() const;

  // On the loop's thread.
  void launched(pid_t pid) override;
  void ended(const child_exit& exit, detail::outcome&& result) override;

  loop::event_loop& loop_;
  process_registry& registry_;
  const std::shared_ptr<const process_options> options_; // but for `daemon`
  const detail::promise_ptr launch_;

  mutable std::mutex mutex_;
  stage stage_ = stage::created; // guarded by mutex_, as is what follows
  bool daemon_;
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
  detail::task_ptr call_;                          // null when closed
  std::vector<detail::promise_ptr> start_waiters_; // resolved as launch_
  std::vector<detail::promise_ptr> end_waiters_;   // resolved as call_

  const std::shared_ptr<single_process> child_; // of the loop's thread
};

} // namespace troupe::parent
