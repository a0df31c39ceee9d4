#pragma once

#include "actors/actor_hub.hpp"
#include "base/limits.hpp"
#include "caf/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "parent/child/stack_request.hpp"
#include "parent/launch/launchers.hpp"
#include "parent/pool/backlog.hpp"
#include "parent/pool/submissions.hpp"
#include "parent/serve/exports.hpp"

#include <troupe/actor_options.hpp>
#include <troupe/cpus.hpp>
#include <troupe/detail/hosted_actor.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/task_state.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/snapshot.hpp>
#include <troupe/stats.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace troupe::parent {

class pool_registry;

/// Is given what was asked for, or why there is nothing. On the loop's thread; dropped without a call if the pool's actor has
/// ended.
template <class Value>
using answer_to = std::function<void(Value&&, const std::exception_ptr&)>;

/// What a runtime offers to its pools.
struct services {
  caf::actor_system& system;
  loop::event_loop& loop;
  actors::actor_hub& hub;
  launchers& children;
  exports& exported;
  pool_registry& pools;
};

/// The life of a pool, as its users see it.
enum class pool_state { open, closed, terminated };

/// A pool's handle: what may be asked of the pool actor from any thread. When the last one is gone, the
/// pool terminates and its actor ends.
class pool_control final : public detail::pool_port {
public:
  /// Checks the options, and starts the pool actor. Throws `std::invalid_argument`.
  static std::shared_ptr<pool_control> start(const services& with, pool_options options);
  ~pool_control() override;

  std::uint64_t id() const noexcept override { return id_; }
  const caf::actor& scheduling_actor() const noexcept { return actor_; }
  const pool_options& options() const noexcept { return *options_; }

  /// Throws `pool_closed` unless the pool is open.
  void check_open() const override;
  /// Hands a task to the pool actor. Waits for room, or throws `queue_full`, as the options say; not for
  /// a state of the pool: then it resolves the task.
  void submit(detail::task_ptr task) override;
  /// Hands over part of a map's input; waits for room unless it is on the loop's thread.
  void submit(std::vector<detail::task_ptr> tasks) override;
  /// `started_too`: also if it has been started; then it is asked to stop.
  void cancel(detail::task_ptr task, bool started_too) override;
  /// The running average of the times of its tasks; 0 as long as it is unknown.
  std::chrono::nanoseconds average_time() const noexcept override {
    return shared_->average_time();
  }
  /// None where there is a budget of tasks, or room for a number of them: these are numbers of items. Short items go to
  /// as many children as can run at the same moment, as in the dispatcher.
  std::size_t shares(detail::call_kind kind) const override {
    if (options_->maxtasksperchild != 0 || shared_->room.is_bounded())
      return 0;
    const auto processes = shared_->processes();
    if (kind == detail::call_kind::blocking) // which may wait for something all at once
      return processes * options_->childconcurrency;
    const auto each = average_time();
    return each.count() > 0 && each < limits::wake_up_time ? std::min(processes, usable_cpus())
                                                           : processes;
  }
  bool wait(detail::promise& task, std::chrono::steady_clock::time_point deadline,
    const char* what) override;
  /// Null: who waits in the parent holds up no child.
  std::shared_ptr<void> lend() override { return nullptr; }

  void close();
  void terminate();
  /// Blocks until the last child is gone; false if the deadline came first. Throws `std::logic_error` if
  /// the pool is still open.
  bool join_until(std::chrono::steady_clock::time_point deadline);
  /// `pool::ready`.
  void await_ready(const detail::promise_ptr& waiter);
  pool_stats stats();
  std::vector<running_task> running_tasks();
  pool_snapshot snapshot();
  void ask_snapshot(answer_to<pool_snapshot> answer);
  /// `pool::stack_of`.
  std::vector<thread_stack> stack_of(std::size_t slot);
  /// Throws `std::out_of_range` if there is no such slot.
  void ask_stacks(std::size_t slot, stack_answer answer);
  /// `pool::recycle`.
  void recycle(std::size_t slot);
  /// `pool::renew`.
  void renew(const pool_options& now);
  /// Fills in the memory of the children, which takes a system call for each.
  static void note_memory(pool_stats& stats);
  /// `pool::resize`.
  void resize(std::size_t processes);
  /// The number of its slots: `processes`, unless it was resized.
  std::size_t slots() const noexcept { return shared_->processes(); }
  /// Starts an actor in a child.
  caf::actor spawn(typed_call<detail::hosted_id> start, actor_options options);
  /// The actor that takes requests (actor.hpp).
  const caf::actor& actor() const noexcept { return requests_; }

  /// What the pool actor and those who use the pool share.
  class shared {
  public:
    shared(std::uint64_t with_id, const pool_options& options)
      : id(with_id)
      , room(options.max_queue)
      , processes_(options.processes) {}

    const std::uint64_t id; // of the pool
    backlog room;
    submissions submitted;

    void set_average_time(std::chrono::nanoseconds time) noexcept {
      average_time_.store(time.count(), std::memory_order_relaxed);
    }
    std::chrono::nanoseconds average_time() const noexcept {
      return std::chrono::nanoseconds(average_time_.load(std::memory_order_relaxed));
    }

    /// The number of children that is wanted.
    void set_processes(std::size_t count) noexcept {
      processes_.store(count, std::memory_order_release);
    }
    std::size_t processes() const noexcept { return processes_.load(std::memory_order_acquire); }

    void set_stopped();
    bool wait_stopped_until(std::chrono::steady_clock::time_point deadline);
    bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> stopped_ = false;
    std::atomic<std::int64_t> average_time_ = 0; // nanoseconds
    std::atomic<std::size_t> processes_;
  };

  const std::shared_ptr<shared>& state() const noexcept { return shared_; }

private:
  pool_control(const services& with, std::shared_ptr<const pool_options> options);

  void hand_over(detail::task_ptr* first, detail::task_ptr* last);
  template <class Answer, class Ask>
  Answer wait_for(const char* what, Ask ask);
  void check_slot(std::size_t slot) const;

  services services_;
  const std::uint64_t id_;
  std::shared_ptr<const pool_options> options_;
  std::shared_ptr<shared> shared_;
  std::atomic<pool_state> state_ = pool_state::open;
  caf::actor requests_;
  caf::actor actor_;
};

} // namespace troupe::parent
