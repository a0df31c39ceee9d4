#pragma once

#include <troupe/scheduler.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe::child {

class stop_requests;

/// What `this_task` tells of a running task.
struct task_context {
  task_id task = 0;       // of a batch, the item that runs
  task_id in_cell = 0;    // the id that the cell has: the same, or that of its batch
  std::uint32_t cell = 0; // in the cell table
  std::size_t attempt = 0;
  std::size_t position = 0; // of the child
  std::optional<std::chrono::steady_clock::time_point> deadline;
  stop_requests* stops = nullptr;
  bool blocks_loop = false; // a plain function
};

/// The task that the calling thread runs this moment, or null. In the part of a thread's memory that exists
/// from its beginning, since a signal handler looks at it.
[[gnu::tls_model("initial-exec")]] inline thread_local const task_context* task_of_thread = nullptr;

inline const task_context*& current_task() noexcept {
  return task_of_thread;
}

/// Makes a task the calling thread's for as long as this lives.
class as_current_task {
public:
  explicit as_current_task(const task_context* context) noexcept
    : outer_(std::exchange(current_task(), context)) {}
  as_current_task(const as_current_task&) = delete;
  as_current_task& operator=(const as_current_task&) = delete;
  ~as_current_task() { current_task() = outer_; }

private:
  const task_context* outer_;
};

} // namespace troupe::child
