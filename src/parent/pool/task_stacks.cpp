#include "parent/pool/task_stacks.hpp"

#include "base/escape.hpp"
#include "parent/child/log.hpp"
#include "parent/child/stack_log.hpp"
#include "values/error_text.hpp"
#include "values/titles.hpp"

#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace troupe::parent {

namespace {

const thread_stack* find_stack(
  const std::vector<thread_stack>& stacks, pid_t thread, task_id task) noexcept {
  for (const auto& one : stacks)
    if (one.thread == thread && one.task == task)
      return &one;
  return nullptr;
}

std::string describe(const task_slow& told, pid_t thread) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(told.ran).count();
  auto text = "pool " + told.pool + ": " + detail::title_of_task(told.id, told.name) +
              " has run for " + std::to_string(milliseconds) + " ms in child " +
              std::to_string(told.slot) + " (pid " + std::to_string(told.pid) + ")";
  if (thread == 0)
    text += ", and waits: no thread executes it at present";
  else if (told.thread == 0)
    text += "; the child has not told where it is";
  else if (thread != told.pid)
    text += " in thread " + std::to_string(thread);
  return base::escape(text);
}

void tell(
  boost::asio::io_context& io, const pool_options& options, pid_t thread, const task_slow& told) {
  warn_with_stack(io, describe(told, thread), told.stack);
  if (!options.on_task_slow)
    return;
  try {
    options.on_task_slow(told);
  } catch (...) {
    log()->warn("pool {}: what on_task_slow threw is ignored: {}", options.name,
      base::escape(values::message_of(std::current_exception())));
  }
}

} // namespace

void report_slow_task(loop::event_loop& loop, const std::shared_ptr<const pool_options>& options,
  child_process& child, pid_t thread, task_slow&& told, std::function<bool()> has_stopped) {
  auto& io = loop.io();
  told.pool = options->name;
  told.pid = child.pid();
  if (thread == 0)
    return tell(io, *options, 0, told);
  const auto event = std::make_shared<task_slow>(std::move(told));
  try {
    child.ask_stacks(options->name, thread,
      [=, &io](std::vector<thread_stack>&& stacks, const std::exception_ptr&) {
        if (const auto* found = find_stack(stacks, thread, event->id)) {
          event->thread = thread;
          event->stack = found->frames;
        }
        if (!has_stopped())
          tell(io, *options, thread, *event);
      });
  } catch (const std::exception&) { // it has just ended, or is not to be asked
    tell(io, *options, thread, *event);
  }
}

std::shared_ptr<const detail::late_stack> ask_task_stack(
  const pool_options& options, child_process& child, pid_t thread, task_id task) noexcept {
  try {
    auto stack = std::make_shared<detail::late_stack>();
    child.ask_stacks(options.name, thread,
      [=, answer = detail::late_stack::promise(stack)](
        std::vector<thread_stack>&& stacks, const std::exception_ptr&) {
        const auto* found = find_stack(stacks, thread, task);
        answer.keep(found == nullptr ? std::vector<code_location>() : found->frames);
      });
    return stack;
  } catch (...) { // there is none, then
    return nullptr;
  }
}

} // namespace troupe::parent
