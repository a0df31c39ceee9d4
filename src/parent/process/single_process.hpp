#pragma once

#include "loop/event_loop.hpp"
#include "parent/child/child_process.hpp"
#include "parent/launch/launcher.hpp"
#include "parent/process/process_registry.hpp"
#include "parent/serve/child_requests.hpp"
#include "parent/serve/exports.hpp"

#include <troupe/call.hpp>
#include <troupe/detail/task_state.hpp>
#include <troupe/process_options.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace troupe::parent {

/// One call on a child of its own: what stands behind `process` and `worker`.
///
///     created ──start──▶ starting ──launched──▶ running ──child is gone──▶ ended ──close──▶ closed
///
/// The child is driven on the loop's thread; what users see may be asked for from any thread. Blocked
/// callers wait for two tasks: `launch_`, which is resolved when the pid is known, and `call_`, which is
/// resolved when the child is gone. Coroutines leave a waiter of their own.
class single_process final : public std::enable_shared_from_this<single_process>,
                             life_listener,
                             task_listener,
                             child_requests::owner {
public:
  /// What becomes of a failure of the call.
  enum class failures { logged, thrown };

  /// Throws `std::invalid_argument`.
  single_process(loop::event_loop& loop, launcher& with, process_registry& registry, exports& known,
    const bound_call& call, process_options options, failures its_failures);
  ~single_process();

  // -- from any thread; where the state does not allow it they throw `std::logic_error` ---------------

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
  const std::string& name() const noexcept { return options_.name; }
  void check_not_closed() const;
  bool daemon() const;
  void set_daemon(bool daemon);
  /// The call, with its outcome.
  detail::task_ptr completed_call() const;

  /// A daemonic process is terminated, and killed if it does not react.
  void runtime_ends();

private:
  enum class stage { created, starting, running, ended, closed };
  // What the child is about, as far as deadlines are concerned.
  enum class phase { starting, working, leaving };

  // Requires the lock.
  void check_open() const;
  bool is_underway() const noexcept {
    return stage_ == stage::starting || stage_ == stage::running;
  }
  void begin_locked();
  detail::task_ptr call_to_join() const;

  // -- on the loop's thread -------------------------------------------------------------------------

  void launch();
  link::child_settings settings() const;
  void send_signal(int number, const std::string& reason);
  void terminate_child();
  // `make_reason()`: what is said of it then.
  template <class MakeReason>
  void kill_after(std::chrono::milliseconds time, MakeReason make_reason);
  detail::outcome outcome_after(const child_process& child) const;
  void log_end(const child_process& child) const;
  void finish(const child_exit& exit, detail::outcome&& result);

  void child_launched(child_process& child) override;
  void child_ready(child_process& child) override;
  void task_ended(std::uint32_t seat, const policy::child_outcome& came) override;
  void batch_ended() override {}
  void child_down(child_process& child) override;
  void child_asked(child_process& child, const link::frame_header& header,
    std::span<const std::byte> payload) override;
  void child_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) override;
  void child_exited(child_process& child) override;

  // It belongs to no pool: what it submits is as foreign as what the parent submits.
  bool is_own(const pool_control&) const override { return false; }
  void submit_nested(detail::task_ptr) override {}
  void cancel_nested(const detail::task_ptr&, bool) override {}

  loop::event_loop& loop_;
  launcher& launcher_;
  process_registry& registry_;
  exports& exports_;
  const process_options options_; // but for `daemon`
  const failures failures_;

  mutable std::mutex mutex_;
  stage stage_ = stage::created; // guarded by mutex_, as is what follows
  bool daemon_;
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
  const detail::promise_ptr launch_;
  detail::task_ptr call_;                          // null when closed
  std::vector<detail::promise_ptr> start_waiters_; // resolved as launch_
  std::vector<detail::promise_ptr> end_waiters_;   // resolved as call_

  std::shared_ptr<child_process> child_;     // of the loop's thread, as is what follows
  std::shared_ptr<child_requests> requests_; // null until it asks for something
  phase phase_ = phase::starting;
  std::optional<boost::asio::steady_timer> deadline_;
  std::optional<detail::outcome> outcome_;
  int early_signal_ = 0; // to be sent as soon as there is a process
  std::string early_reason_;
  bool asked_to_end_ = false; // by its user, so its end is no surprise
  bool start_timed_out_ = false;
};

} // namespace troupe::parent
