#include <troupe/detail/map_window.hpp>

#include "api/completion_list.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace troupe::detail {

map_source::~map_source() = default;

// -- feeding --------------------------------------------------------------------------------------------

namespace {

// Tasks that are handed over at a time: enough to make the message cheap, few enough that the first are
// on their way while the last are still encoded.

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
  , counters_(new map_counters(options.on_progress, source_->size())) {}

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

template <class Keep>
void map_feeder::feed(std::size_t wanted, Keep keep) {
  while (source_ && wanted > 0) {
    const auto most = std::min(wanted, chunk_size());
    std::vector<task_ptr> tasks;
    tasks.reserve(most);
    std::exception_ptr error;
    try {
      while (source_ && tasks.size() < most) {
        if (auto task = next()) {
          keep(task);
          tasks.push_back(std::move(task));
        } else {
          source_.reset();
        }
      }
    } catch (...) {
      error = std::current_exception();
    }
    wanted -= tasks.size();
    counters_->submitting(tasks.size());
    if (!tasks.empty())
      pool_->submit(std::move(tasks));
    if (error)
      std::rethrow_exception(error);
  }
}

// -- ordered --------------------------------------------------------------------------------------------

ordered_window::ordered_window(
  pool_ref pool, std::unique_ptr<map_source> source, const map_options& options)
  : feeder_(std::move(pool), std::move(source), options)
  , size_(options.window()) {
  fill();
}

void ordered_window::fill() {
  // In large steps, so that the pool is woken rarely; but never so late that it runs dry.
  if (tasks_.size() <= size_ / 2)
    top_up();
}

void ordered_window::top_up() {
  if (!feeder_.at_end() && tasks_.size() < size_)
    feeder_.feed(size_ - tasks_.size(), [this](const task_ptr& task) { tasks_.push_back(task); });
}

task_ptr ordered_window::front() {
  // Who would have to wait rather reads on, so that the window is full when it does.
  if (tasks_.empty() || !tasks_.front()->done())
    top_up();
  return tasks_.empty() ? nullptr : tasks_.front();
}

void ordered_window::pop() {
  tasks_.pop_front();
  fill();
}

void ordered_window::cancel(bool started_too) {
  feeder_.stop();
  // The latest first: else those that run would make room for others, which would be started.
  for (auto task = tasks_.rbegin(); task != tasks_.rend(); ++task)
    if (!(*task)->done())
      feeder_.pool()->cancel(*task, started_too);
}

// -- unordered ------------------------------------------------------------------------------------------

unordered_window::unordered_window(
  pool_ref pool, std::unique_ptr<map_source> source, const map_options& options)
  : feeder_(std::move(pool), std::move(source), options)
  , size_(options.window())
  , completions_(std::make_shared<completion_list>()) {
  fill();
}

unordered_window::~unordered_window() = default;

void unordered_window::fill() {
  if (feeder_.at_end() || outstanding_ > size_ / 2)
    return;
  feeder_.feed(size_ - outstanding_, [this](const task_ptr& task) {
    task->watch(completions_);
    pending_.insert(task);
    ++outstanding_;
  });
}

bool unordered_window::expects_more() {
  if (outstanding_ == 0)
    fill();
  return outstanding_ > 0;
}

bool unordered_window::ready() const {
  return !completions_->empty();
}

void unordered_window::wait() {
  if (ready())
    return;
  // The pool knows how to wait for a promise, in the parent and in a child.
  wait_for_task(feeder_.pool(), *next_completion(), std::chrono::steady_clock::time_point::max(),
    "waiting for the results of a map");
}

promise_ptr unordered_window::next_completion() {
  return completions_->next_completion();
}

task_ptr unordered_window::take() {
  task_ptr task(static_cast<task_state*>(completions_->take().get()));
  pending_.erase(task);
  --outstanding_;
  fill();
  return task;
}

void unordered_window::cancel() {
  feeder_.stop();
  std::vector<task_ptr> pending(pending_.begin(), pending_.end());
  std::sort(pending.begin(), pending.end(),
    [](const task_ptr& a, const task_ptr& b) { return a->index > b->index; }); // the latest first
  for (const auto& task : pending)
    if (!task->done())
      feeder_.pool()->cancel(task, true);
}

} // namespace troupe::detail
