#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/call_code.hpp>
#include <troupe/detail/map_counters.hpp>
#include <troupe/scheduler.hpp>
#include <troupe/task_options.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>

#include <boost/smart_ptr/intrusive_ptr.hpp>

namespace troupe::detail {

/// How a task ended.
struct outcome {
  enum class kind : std::uint8_t {
    value,  ///< `payload` is the encoded result
    threw,  ///< `payload` is the encoded `exception_report`
    failed, ///< `error` says why the task has no outcome of its own
  };
  kind what = kind::failed;
  bytes payload;
  std::exception_ptr error;

  static outcome failure(std::exception_ptr why) {
    outcome result;
    result.error = std::move(why);
    return result;
  }
};

class task_state;
using task_ptr = boost::intrusive_ptr<task_state>;

/// Told when a task has its outcome. Called once, on the loop's thread, or by `watch` if that is late.
class task_watcher {
public:
  virtual ~task_watcher();
  virtual void resolved(task_state& task) noexcept = 0;
};

/// One task, shared by the one who submitted it and the pool. The pool resolves it exactly once; the
/// owner of the future waits for that, blocked or with a watcher. What is not atomic is written before
/// submission, or before `resolve` publishes it.
class task_state {
public:
  task_state(const call_code& task_code, bytes task_arguments)
    : code(task_code)
    , arguments(std::move(task_arguments)) {}
  task_state(const task_state&) = delete;
  task_state& operator=(const task_state&) = delete;

  // -- written by the submitter, read by the pool ---------------------------------------------------

  const call_code code;
  bytes arguments;
  std::shared_ptr<const task_options> options; // null: the defaults
  std::uint64_t index = 0;                     // position in a map
  map_counters* counters = nullptr;            // of that map, until the task is done
  std::uint32_t nesting = 0; // 0: not submitted by a task; else 1 more than the task that did

  // -- the pool's own -------------------------------------------------------------------------------

  std::uint32_t ledger_index = 0;
  task_id id = 0;
  task_state* next_submitted = nullptr;

  // -- the outcome ----------------------------------------------------------------------------------

  /// Publishes the outcome and wakes whoever waits. Once only.
  void resolve(outcome&& result) noexcept;
  bool done() const noexcept { return status_.load(std::memory_order_acquire) == status::done; }
  void wait();
  /// True if the outcome has come.
  bool wait_until(std::chrono::steady_clock::time_point deadline);
  /// At most once per task, and not while a thread waits.
  void watch(std::shared_ptr<task_watcher> watcher);
  /// After `done`.
  const outcome& result() const noexcept { return outcome_; }
  /// After `done`: the failure, decoding it where necessary; null for a value.
  std::exception_ptr error() const;

private:
  enum class status : std::uint32_t { pending, waited_for, watched, done };

  bool announce_waiter() noexcept;

  std::atomic<status> status_ = status::pending;
  std::atomic<std::uint32_t> references_ = 0;
  outcome outcome_;
  std::shared_ptr<task_watcher> watcher_;

  friend void intrusive_ptr_add_ref(task_state* task) noexcept {
    task->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(task_state* task) noexcept {
    if (task->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete task;
  }
};

/// Throws `std::logic_error` if the calling thread is a loop's thread, where waiting for `what` would
/// wait for itself.
void check_may_block(const char* what);

} // namespace troupe::detail
