#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/detail/task_state.hpp>

#include <cstdint>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

namespace detail {

/// Where the tasks of a pool go and how one waits for them: in the parent that is the pool itself, in a
/// child the way to it over the link. What templates in public headers need of a pool. Thread-safe.
class pool_port {
public:
  pool_port() = default;
  pool_port(const pool_port&) = delete;
  pool_port& operator=(const pool_port&) = delete;
  virtual ~pool_port();

  virtual std::uint64_t id() const noexcept = 0;
  /// Throws `pool_closed` if it is known here that the pool takes no more tasks.
  virtual void check_open() const = 0;
  /// Hands a task to the pool. Waits for room, or throws `queue_full`, as the pool's options say; not for
  /// a state of the pool: then it resolves the task.
  virtual void submit(task_ptr task) = 0;
  /// Hands over part of a map's input.
  virtual void submit(std::vector<task_ptr> tasks) = 0;
  /// `started_too`: also if it has been started, then it is asked to stop; else it goes on.
  virtual void cancel(task_ptr task, bool started_too) = 0;
  /// The running average of the times of its tasks, and of the items of batches; 0 as long as it is unknown here.
  virtual std::chrono::nanoseconds average_time() const noexcept = 0;
  /// The number of children between which the items of a map are divided, or of their places for blocking functions,
  /// by what is known of the times of tasks at this moment; 0 if each is to be a task of its own.
  virtual std::size_t shares(call_kind kind) const = 0;
  /// Blocks until the task is done; false if the deadline came first. Throws `std::logic_error` where the
  /// calling thread must not block; `what` names the call in it.
  virtual bool wait(
    promise& task, std::chrono::steady_clock::time_point deadline, const char* what) = 0;
  /// To be held by a coroutine for as long as it waits for a task of this pool: its place is lent
  /// meanwhile. May be null.
  virtual std::shared_ptr<void> lend() = 0;
};

using pool_ref = std::shared_ptr<pool_port>;

/// Throws `std::invalid_argument` for options out of range.
std::shared_ptr<const task_options> checked_options(task_options options);

/// `pool_port::wait`, unless the task is done already.
bool wait_for_task(const pool_ref& pool, promise& task,
  std::chrono::steady_clock::time_point deadline, const char* what);
/// `waiter` is resolved when each position of the pool, of this process, has a ready child, or with why that will
/// not be.
void await_ready(const pool_ref& pool, const promise_ptr& waiter);
/// The number of slots of a pool of this process.
std::size_t slots_of(const pool_ref& pool);
/// The pool of a handle that came from another process. Throws `decode_error` if there is none.
pool_ref find_pool(std::uint64_t id);

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
