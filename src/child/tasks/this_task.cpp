#include <troupe/this_task.hpp>

#include "child/tasks/stop_requests.hpp"
#include "child/tasks/task_context.hpp"

#include <stdexcept>
#include <string>

namespace troupe::this_task {

namespace {

const child::task_context& here(const char* function) {
  const auto* context = child::current_task();
  if (context == nullptr)
    throw std::logic_error(std::string("troupe::this_task::") + function +
                           " is called outside of a task, or on a thread that the task has made");
  return *context;
}

} // namespace

task_id id() {
  return here("id").task;
}

std::size_t attempt() {
  return here("attempt").attempt;
}

std::optional<std::chrono::steady_clock::time_point> deadline() {
  return here("deadline").deadline;
}

std::stop_token stop_token() {
  const auto& context = here("stop_token");
  return context.stops->token(context.cell, context.in_cell, context.blocks_loop);
}

std::size_t child_slot() {
  return here("child_slot").position;
}

} // namespace troupe::this_task
