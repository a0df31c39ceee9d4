#pragma once

#include "policy/child_ages.hpp"
#include "policy/child_port.hpp"
#include "policy/dispatcher.hpp"
#include "policy/ended_run.hpp"
#include "policy/failure_log.hpp"
#include "policy/supervision.hpp"
#include "policy/task_alarms.hpp"
#include "policy/task_ledger.hpp"
#include "policy/task_tally.hpp"
#include "policy/tasks_by_slot.hpp"

#include <troupe/scheduler.hpp>
#include <troupe/stats.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace troupe::policy {

/// What becomes of each task of a pool: it opens tasks in the ledger, asks the scheduler for their queues,
/// sends them to children when the dispatcher says so, and resolves each exactly once, whatever happens to
/// its child, its time or its pool meanwhile. Beneath it, `supervision` says which children there are.
///
/// Pure: events and time come in, orders go out to a `child_host` and its `child_port`s. `settle` follows
/// each event, or each batch of them: it compares what is wanted with what there is. A task's normal way is
/// in pool_machine.cpp, what is particular to batches in pool_batches.cpp, what is told of runs in pool_runs.cpp and slow_tasks.cpp,
/// and everything else that may become of a task in task_recovery.cpp.
///
/// For one thread. What concerns one task is O(log children + log tasks); a death is O(tasks in the child).
class pool_machine final : supervision::client {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  struct rules {
    supervision::rules children{};
    std::size_t concurrency = 1;                ///< `pool_options::childconcurrency`
    std::size_t tasks_per_child = 0;            ///< `pool_options::maxtasksperchild`
    std::chrono::milliseconds age_per_child{0}; ///< `pool_options::maxageperchild`
    std::size_t cpus = dispatcher::unlimited;   ///< as many children can run at the same moment
    std::chrono::milliseconds cancel_grace{1'000};
    std::chrono::milliseconds slow_after{0};      ///< 0: nobody wants to know
    std::shared_ptr<troupe::scheduler> scheduler; ///< null: `round_robin`
    std::uint32_t seed = 1; ///< of the jitter of retries and of the ages of children
    /// Whether `child_host::run_ended` is to be called, which is looked at whenever a task ends.
    const bool* runs_wanted = &nobody;
    static constexpr bool nobody = false;
  };

  pool_machine(rules with, child_host& host);

  // -- what its users want ----------------------------------------------------------------------------

  /// Takes a task in; if the pool takes none any more, it is resolved at once.
  void submit(detail::task_ptr task, time_point now);
  /// `started_too`: also if it has been started; then it is asked to stop.
  /// All parts of a batch.
  void cancel(const detail::task_ptr& task, bool started_too, time_point now);
  /// The pool takes no more tasks but those of tasks, finishes what it has, and ends.
  void close();
  /// From now on the pool has so many children, at least as many as queues: those of new slots are started, those of
  /// the last ones finish what they have started, and leave. A pool that ends takes no notice.
  void resize(std::size_t processes, time_point now);
  /// The child of a slot takes no more tasks, finishes what it has started, and is replaced; nothing, if there is none
  /// that takes tasks.
  void recycle(std::size_t slot, time_point now);
  /// The same for a child.
  void recycle_child(std::uint32_t seat, time_point now);
  /// The same for the children of all slots, one after the other, and for spares. A pool that ends takes no notice.
  void renew(time_point now);
  /// Everything is dropped, and the pool ends. `reason` is that of its children's end.
  void terminate(const std::string& reason, time_point now);
  /// The pool cannot go on, for a reason that is not of its children's.
  void fail(const std::exception_ptr& reason, time_point now);

  // -- what children report ---------------------------------------------------------------------------

  void child_launching(std::uint32_t seat, time_point now) { supervision_.launching(seat, now); }
  void child_launched(std::uint32_t seat) { supervision_.launched(seat); }
  void child_ready(std::uint32_t seat, time_point now);
  /// `actors` live in it.
  void child_hosts(std::uint32_t seat, std::size_t actors) { dispatcher_.set_hosted(seat, actors); }
  void task_ended(std::uint32_t seat, const child_outcome& came, time_point now);
  void task_lent(std::uint32_t seat, const lent_place& place, time_point now);
  void task_reclaimed(std::uint32_t seat, const lent_place& place, time_point now);
  /// The item that runs of a batch is a coroutine, and waits for something: it is left alone in its child.
  void item_lingers(std::uint32_t seat, task_key task, time_point now);
  /// The child's process has ended; what it wrote may still be reported, but nothing more is sent to it.
  void child_exited(std::uint32_t seat);
  /// The child is gone, everything that it wrote has been reported, and its port still says what is left
  /// in it. `start_error`: why it did not start, or null.
  void child_down(std::uint32_t seat, const child_exit& exit, const std::exception_ptr& start_error,
    time_point now);

  // -- turns ------------------------------------------------------------------------------------------

  /// After events: sends what can be sent, starts and dismisses children, and ends the pool when it is done.
  void settle(time_point now);
  /// When `alarm` is to be called, unless something changes before.
  std::optional<time_point> next_alarm();
  /// Does what is due. `settle` follows.
  void alarm(time_point now);

  // -- what there is ----------------------------------------------------------------------------------

  const supervision& children() const noexcept { return supervision_; }
  /// The running average of the times of its tasks, each item of a batch counted; 0 as long as it is unknown.
  std::chrono::nanoseconds average_time() const noexcept { return item_time_.value(); }
  /// Without what is known of each child.
  pool_stats stats() const;
  /// Those that have been started, the one that has run longest first, each with the seat of its child, of whose
  /// process nothing is known here. O(tasks in children).
  std::vector<std::pair<std::uint32_t, running_task>> running_tasks(time_point now) const;
  /// What has become of tasks, by name.
  std::vector<task_counts> counts_by_name() const { return tally_.counts(); }
  /// The last failures, the latest first.
  std::vector<task_failure> failures(time_point now) const { return failure_log_.list(now); }
  /// Whether it takes no more tasks.
  bool closing() const noexcept { return phase_ != phase::open; }
  std::size_t open_tasks() const noexcept { return ledger_.open_count(); }
  /// The tasks that the child has of this pool, those that have lent their places included.
  std::size_t owed_by(std::uint32_t seat) const { return dispatcher_.owed_by(seat); }
  /// Why the pool failed, or null.
  const std::exception_ptr& failure() const noexcept { return failure_; }
  /// Whether the pool was closed, and has ended in that way.
  bool drained() const noexcept { return phase_ == phase::draining; }

private:
  enum class phase { open, closing, draining, terminating };

  // -- the normal way ---------------------------------------------------------------------------------

  void choose_queue(task_key key, task_ledger::entry& entry);
  void take_slot(task_key key, task_ledger::entry& entry);
  void enqueue_ranked(task_key key, const task_ledger::entry& entry, std::chrono::nanoseconds time);
  void pump(time_point now);
  void pump_slot(std::size_t slot, time_point now);
  void send(const dispatcher::assignment& next, time_point now);
  // `ran`: the time that it took, if it came to an outcome of its own.
  void resolve(task_key key, detail::outcome&& result,
    std::optional<std::chrono::nanoseconds> ran = std::nullopt);
  // As `resolve`, for a task that is dropped; it counts as cancelled.
  void drop(task_key key, const std::exception_ptr& why);
  void close_entry(task_key key, const task_ledger::entry& entry, detail::outcome&& result,
    std::optional<std::chrono::nanoseconds> ran);
  void note_end(const task_ledger::entry& entry, const detail::outcome& result,
    std::chrono::nanoseconds ran) noexcept;
  // What is told to the host while it wants to know. `ran` as above.
  void tell_run(ended_run run, std::optional<std::chrono::nanoseconds> ran) noexcept;
  std::optional<ended_run::span> time_in_child(const task_ledger::entry& entry) noexcept;
  void tell_scheduler(
    const task_ledger::entry& entry, task_id id, std::optional<std::chrono::nanoseconds> ran);
  void fail_all(const std::exception_ptr& reason);
  bool accepts_more_attempts() const noexcept {
    return phase_ == phase::open || phase_ == phase::closing;
  }
  auto is_open() {
    return [this](task_key key) { return ledger_.find(key) != nullptr; };
  }
  child_port& port(std::uint32_t seat) { return host_.port(seat); }

  void cancel_part(const detail::task_ptr& part, bool started_too, time_point now);

  // -- taking back ------------------------------------------------------------------------------------

  // Takes a task back from its child; false if it has been started there.
  bool take_back(task_ledger::entry& entry);
  // It is in no child any more, and goes before others that wait.
  void put_back(task_key key);
  void enqueue_front(task_key key, const task_ledger::entry& entry);
  void take_back_unstarted(std::uint32_t seat, std::size_t at_most);
  // The slot is no more.
  void drop_tasks_of(std::size_t slot);
  void retire_child_of(std::size_t slot);
  void retire_child(std::uint32_t seat);
  void watch_balance(time_point now);
  void rebalance(time_point now);

  // -- batches ----------------------------------------------------------------------------------------

  void count_ended(std::size_t items, std::size_t failed);
  void requeue_from(task_key key, std::uint32_t first, std::size_t parts = 1);
  void open_parts(const detail::task_ptr& batch, const task_ledger::entry& like, std::size_t parts);
  void open_part(const detail::task_ptr& part, const task_ledger::entry& like);
  void resolve_front(task_key key, batch_progress&& progress);
  // Divides a batch that has been started into what is over, what runs, and what waits anew.
  void close_batch(task_key key, std::size_t parts = 1);
  void batch_ended(const child_outcome& came, std::chrono::nanoseconds elapsed);
  void look_at_batches(time_point now);
  enum class batch_watch { none, until_news, soon };
  bool could_share(const task_ledger::entry& batch);
  batch_watch look_at_batches_in(std::uint32_t seat, time_point now);
  void news_of(std::uint32_t seat) noexcept;
  void halve(task_key key);

  // -- recovery: what becomes of a task that does not simply end --------------------------------------

  std::vector<task_id> suspects_of(const tasks_in_child& tasks) const;
  void recover(task_key key, const tasks_in_child& tasks, const std::vector<task_id>& suspects,
    const child_exit& exit, bool on_purpose);
  // True if the task has failed by it.
  bool recover_delivery(task_key key, const child_exit& exit);
  void lose(
    task_key key, bool culprit, const std::vector<task_id>& suspects, const child_exit& exit);
  bool will_retry(const task_ledger::entry& entry, const std::exception_ptr& failure) const;
  // `ran`: the time that the attempt took, if it came to an outcome of its own.
  void retry(task_key key, const std::exception_ptr& failure, time_point now,
    std::optional<std::chrono::nanoseconds> ran = std::nullopt);
  // An attempt has failed with an error of its own; true if it is tried again.
  bool retry_after(
    task_key key, const child_outcome& came, std::chrono::nanoseconds elapsed, time_point now);
  // The task is to stop, however it has been resolved.
  void stop_running(task_key key, const task_ledger::entry& entry, time_point now);
  void end_child(
    std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason, time_point now);

  void set_alarm(const task_alarms::alarm& what) { alarms_.set(what, is_open()); }
  void on_alarm(const task_alarms::alarm& due, time_point now);
  void check_timeout(const task_alarms::alarm& due, time_point now);
  void escalate(const task_alarms::alarm& due, time_point now);
  void expire(task_key key);

  // -- tasks that take long ---------------------------------------------------------------------------

  void watch_slow_tasks(time_point now);
  void look_for_slow_tasks(time_point now);
  // When the next task of the child that has not been told of could be slow.
  time_point tell_slow_tasks_in(std::uint32_t seat, std::size_t& left, time_point now);
  std::shared_ptr<const detail::late_stack> ask_stack(const task_ledger::entry& entry) noexcept;

  // -- children that make no progress -----------------------------------------------------------------

  void make_watch(std::uint32_t seat) {
    if (seat >= watches_.size())
      watches_.resize(seat + 1);
    batch_seats_.grow(watches_.size());
    held_batch_seats_.grow(watches_.size());
  }
  void watch_pulses(time_point now);
  void take_pulses(time_point now);
  std::string why_stuck(std::uint32_t seat);
  // The number of tasks that it has been sent, and could begin if it came to it.
  std::size_t waiting_in(std::uint32_t seat);
  std::string why_busy(std::uint32_t seat, const child_pulse& pulse);

  // -- supervision asks -------------------------------------------------------------------------------

  bool needs_children(queue_id queue) const override;
  bool is_idle(std::uint32_t seat) const override { return dispatcher_.owed_by(seat) == 0; }
  void takes_tasks(std::uint32_t seat, queue_id queue) override;
  void gave_up(const std::exception_ptr& reason) override;

  const rules rules_;
  child_host& host_;
  const std::shared_ptr<troupe::scheduler> scheduler_;
  task_ledger ledger_;
  dispatcher dispatcher_;
  tasks_by_slot slot_tasks_;
  task_alarms alarms_;
  supervision supervision_;
  child_ages ages_;
  index_set batch_seats_;      // of children whose batches are to be looked at again soon,
  index_set held_batch_seats_; // or when something is heard of the child
  detail::running_average item_time_;
  std::vector<std::size_t> depths_told_; // by queue: what the scheduler was told last
  std::vector<std::size_t> queued_; // by queue: tasks that are in no child, also between attempts
  index_set depth_news_;            // queues whose depth may be another than what was told
  std::optional<time_point>
    balance_due_;                       // when to look whether a child holds what others could run
  std::optional<time_point> slow_due_;  // when to look whether tasks take long
  std::optional<time_point> pulse_due_; // when to look whether children make progress
  struct child_watch {
    time_point last_outcome{};
    int suspicions = 0; // looks in a row that found it stuck
    std::optional<std::chrono::nanoseconds>
      busy_from;         // its CPU time when a look found it first busy with what is no task
    bool exited = false; // its process has ended
  };
  std::vector<child_watch> watches_; // by seat
  std::minstd_rand jitter_;          // of retries, and of the ages of children
  phase phase_ = phase::open;
  bool some_retired_ = false; // since the last look at the children
  std::exception_ptr failure_;
  pool_stats counts_;
  task_tally tally_;
  failure_log failure_log_;
  time_point now_{}; // of the event under way
};

} // namespace troupe::policy
