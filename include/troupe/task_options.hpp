#pragma once

#include <string>

namespace troupe {

/// What can be said about one task. Give it as the first argument:
/// `pool.apply(troupe::task_options{.name = "resize"}, resize, image)`.
struct task_options {
  /// Appears in errors and is shown to the scheduler.
  std::string name{};

  /// The task may be run again after its child died with it, unless it was on the child's CPU at that
  /// moment. False: a task that was started is never started a second time.
  bool idempotent = false;
};

} // namespace troupe
