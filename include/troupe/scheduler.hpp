#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/running_average.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

/// Identifies a task for as long as its pool lives. Ids are given in the order of submission,
/// starting at 1.
using task_id = std::uint64_t;

/// Identifies a scheduling lane of a pool: 0 to `queuecount` - 1.
using queue_id = std::size_t;

/// What a scheduler may know of a task.
struct task_info {
  /// The name given in `task_options`, or empty.
  std::string_view name;
  /// The key given in `task_options`, or empty.
  std::string_view key;
  int priority = 0;
  /// Size of the encoded arguments, in bytes.
  std::size_t argument_bytes = 0;
};

/// Decides which queue a task waits in. Child i serves queue i mod `queuecount`, and so does its
/// successor; within a queue the dispatcher sends each task to the child that can start it soonest. Items of a map that
/// travel together are one task here.
///
/// A pool calls its scheduler from one thread only, so an implementation needs no locks; an instance
/// must not be shared between pools. An exception from `schedule_task`, or a queue that does not
/// exist, fails that one task and nothing else.
class scheduler {
public:
  scheduler() = default;
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;
  virtual ~scheduler();

  /// Announces a queue. Called once per queue, in ascending order, before anything else.
  virtual void register_queue(queue_id queue) = 0;

  /// Announces that one more process serves `queue`. Called once per process of the pool's initial
  /// mapping, after all queues, and for each that `pool::resize` adds; successors of dead processes are not
  /// announced again.
  virtual void register_process(queue_id queue) = 0;

  /// Announces that one process fewer serves `queue`, because of `pool::resize`; one at least is left.
  virtual void unregister_process(queue_id queue);

  /// Chooses the queue for a new task.
  virtual queue_id schedule_task(task_id id, const task_info& info) = 0;

  /// A task has ended with a value or an error of its own.
  virtual void complete_task(task_id id);

  /// A task has ended without an outcome of its own: its child died, or it was cancelled.
  virtual void lose_task(task_id id);

  /// `depth` tasks wait in `queue` and have not been sent to a child. Called before each
  /// `schedule_task` for the queues whose depth has changed since.
  virtual void queue_depth(queue_id queue, std::size_t depth);

  /// A task of that queue has ended, one way or another; `ran` is how long it ran, if it came to an
  /// outcome of its own. Called before `complete_task` or `lose_task`.
  virtual void task_left(queue_id queue, std::optional<std::chrono::nanoseconds> ran);

  /// Whether the task may be run by a child of another queue when that child is idle and those of its own
  /// queue have no room. No, unless overridden: the choice of the queue is a choice of the child.
  virtual bool may_move(const task_info& task) const noexcept;
};

/// Gives each process of the pool one task in turn, as aiomultiprocess's scheduler of that name does:
/// a queue that is served by two processes gets two tasks a round.
class round_robin final : public scheduler {
public:
  void register_queue(queue_id queue) override;
  void register_process(queue_id queue) override;
  void unregister_process(queue_id queue) override;
  queue_id schedule_task(task_id id, const task_info& info) override;

  bool may_move(const task_info&) const noexcept override { return true; }

private:
  std::vector<queue_id> turns_; // one entry per process
  std::size_t next_ = 0;
};

/// What is known of the load of each queue.
class queue_loads {
public:
  void add_queue();
  void add_process(queue_id queue);
  void remove_process(queue_id queue);
  void submitted(queue_id queue);
  void left(queue_id queue, std::optional<std::chrono::nanoseconds> ran);

  std::size_t queues() const noexcept { return loads_.size(); }
  /// The time that one process of the queue would take for everything that the queue has, in
  /// nanoseconds, by the running average of the times of its tasks.
  double load(queue_id queue) const noexcept;
  /// The queue with the least load; of equal ones, the first from `begin` on. There is at least one.
  /// O(queues).
  queue_id least(queue_id begin) const;

private:
  struct queue_load {
    std::size_t processes = 0;
    std::size_t tasks = 0; // waiting or running
    detail::running_average time;
  };
  std::vector<queue_load> loads_;
  detail::running_average time_; // of all tasks: for a queue that has none of its own yet
};

/// Keeps the account of the queues' loads: the basis of the schedulers below.
class load_aware_scheduler : public scheduler {
public:
  void register_queue(queue_id queue) override;
  void register_process(queue_id queue) override;
  void unregister_process(queue_id queue) override;
  queue_id schedule_task(task_id id, const task_info& info) final;
  void task_left(queue_id queue, std::optional<std::chrono::nanoseconds> ran) override;
  bool may_move(const task_info&) const noexcept override { return true; }

protected:
  /// The queue for a task; there is at least one.
  virtual queue_id choose(const task_info& info) = 0;

  queue_loads loads_;
};

/// Gives each task to the queue with the least work: the number of its tasks, waiting and running, times
/// the running average of their times, per process. O(queues).
class least_loaded final : public load_aware_scheduler {
private:
  queue_id choose(const task_info& info) override;

  queue_id next_ = 0; // where to begin, so that equal loads take turns
};

/// Looks at two queues at random and takes the better one: nearly as good as looking at all, in O(1)
/// (M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
class random_two final : public load_aware_scheduler {
public:
  /// A different seed each time.
  random_two();
  /// Equal seeds choose equally.
  explicit random_two(std::uint64_t seed);

private:
  queue_id choose(const task_info& info) override;

  struct generator; // whose standard header is a large one
  std::shared_ptr<generator> random_;
};

/// Gives all tasks of one `task_options::key` to the same queue, so that a cache in a child serves them.
/// With `queuecount` equal to `processes` that is the same child (or its successor). Tasks without a key
/// go to the least loaded queue.
class by_key final : public load_aware_scheduler {
public:
  bool may_move(const task_info& task) const noexcept override { return task.key.empty(); }

private:
  queue_id choose(const task_info& info) override;

  queue_id next_ = 0; // as in least_loaded
};

} // namespace troupe

#pragma GCC visibility pop
