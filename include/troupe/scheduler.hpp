#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

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
  /// Size of the encoded arguments, in bytes.
  std::size_t argument_bytes = 0;
};

/// Decides which queue a task waits in. Child i serves queue i mod `queuecount`, and so does its
/// successor; within a queue the dispatcher sends each task to the child that can start it soonest.
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
  /// mapping, after all queues; successors of dead processes are not announced again.
  virtual void register_process(queue_id queue) = 0;

  /// Chooses the queue for a new task.
  virtual queue_id schedule_task(task_id id, const task_info& info) = 0;

  /// A task has ended with a value or an error of its own.
  virtual void complete_task(task_id id);

  /// A task has ended without an outcome of its own: its child died, or it was cancelled.
  virtual void lose_task(task_id id);

  /// `depth` tasks wait in `queue` and have not been sent to a child. Called before each
  /// `schedule_task` for the queues whose depth has changed since.
  virtual void queue_depth(queue_id queue, std::size_t depth);
};

/// Gives each process of the pool one task in turn, as aiomultiprocess's scheduler of that name does:
/// a queue that is served by two processes gets two tasks a round.
class round_robin final : public scheduler {
public:
  void register_queue(queue_id queue) override;
  void register_process(queue_id queue) override;
  queue_id schedule_task(task_id id, const task_info& info) override;

private:
  std::vector<queue_id> turns_; // one entry per process
  std::size_t next_ = 0;
};

} // namespace troupe
