#pragma once

#include <troupe/detail/std_parts.hpp>
#include <troupe/module_host.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/task_options.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {
class runtime;
} // namespace troupe

namespace troupe_cli {

/// A task of a module that is called for each line of text.
struct line_task {
  troupe::chosen_task task{};
  /// Its `initializer` is set by `run_line_task`.
  troupe::pool_options pool{};
  /// With other than default ones, lines travel one by one.
  troupe::task_options options{};
};

/// What becomes of the lines. Called on the thread that runs the task.
struct line_handlers {
  /// The next line; nothing at the end. May wait, and may throw.
  std::function<std::optional<std::string>()> next{};
  /// The result of the line, in the order of the lines: a string as it is, JSON else, nothing of a task without one.
  std::function<void(std::string_view result)> result{};
  /// A line that failed, by its number from 1. Returns whether to go on.
  std::function<bool(std::size_t number, const std::exception_ptr& failure)> failure{};
};

struct line_counts {
  std::size_t done = 0;
  std::size_t failed = 0;
};

/// Calls the task for all lines, in batches, on a pool of its own, and waits for the end. Throws what `next` throws, and
/// `troupe::pool_failed`.
line_counts run_line_task(
  troupe::runtime& rt, const line_task& what, const line_handlers& handlers);

} // namespace troupe_cli
