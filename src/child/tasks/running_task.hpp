#pragma once

#include "child/tasks/task_context.hpp"
#include "child/tasks/worker_actor.hpp"

#include <troupe/detail/callable.hpp>

#include <chrono>
#include <utility>

namespace troupe::child {

/// A task that need not be finished when its start returns. Stays where it is: `invocation` points into it.
struct worker_actor::running_task {
  running_task(accepted_call&& message, task_context told, clock::time_point start_time)
    : call(std::move(message))
    , context(told)
    , started(start_time) {}
  running_task(const running_task&) = delete;

  accepted_call call;
  task_context context;
  detail::bytes result;
  detail::invocation invocation{detail::view(call.arguments), call.target, result};
  clock::time_point started;
};

} // namespace troupe::child
