#include "api/map_feeder.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::detail {

map_source::~map_source() = default;

task_ptr map_source::next() {
  bytes arguments;
  if (!encode_next(arguments))
    return nullptr;
  task_ptr task(new task_state(code_, std::move(arguments)));
  task->index = index_++;
  return task;
}

namespace {

// Null for the defaults: a task without options costs less.
std::shared_ptr<const task_options> options_of_items(const task_options& options) {
  return options == task_options{} ? nullptr : checked_options(options);
}

} // namespace

map_feeder::map_feeder(
  pool_ref pool, std::unique_ptr<map_source> source, const map_options& options)
  : pool_(std::move(pool))
  , source_(std::move(source))
  , size_hint_(source_->size().value_or(0))
  , chunk_size_(options.chunksize)
  , task_options_(options_of_items(options.task))
  , counters_(new map_counters(options.on_progress, source_->size()))
  , fits_(source_->size().has_value() && size_hint_ <= options.window()) {}

std::size_t map_feeder::chunk_size() const {
  if (chunk_size_ != 0)
    return chunk_size_;
  const auto each = std::max(pool_->average_time(), std::chrono::nanoseconds(1));
  return std::clamp<std::size_t>(
    static_cast<std::size_t>(limits::chunk_time / each), 1, limits::max_tasks_at_a_time);
}

task_ptr map_feeder::next() {
  auto task = source_->next();
  if (task) {
    task->options = task_options_;
    task->counters = counters_.get();
  }
  return task;
}

void map_feeder::finish() {
  stop();
  if (failure_)
    std::rethrow_exception(std::exchange(failure_, nullptr));
}

} // namespace troupe::detail
