#include <troupe/detail/map_window.hpp>

#include "api/completion_list.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::detail {

map_source::~map_source() = default;

// -- feeding --------------------------------------------------------------------------------------------

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

template <class Keep>
std::vector<task_ptr> map_feeder::read(std::size_t most, Keep keep) {
  using clock = std::chrono::steady_clock;
  std::vector<task_ptr> tasks;
  tasks.reserve(most);
  const auto begun = clock::now();
  slow_ = false;
  try {
    while (source_ && tasks.size() < most && !slow_) {
      auto task = next();
      if (!task) {
        source_.reset();
        break;
      }
      keep(task);
      tasks.push_back(std::move(task));
      // The end is known, and need not be asked of an input that may be gone by then.
      if (tasks.back()->index + 1 == size_hint_)
        source_.reset();
      // Not at each item: most are read in less time than a look at the clock takes.
      const auto count = tasks.size();
      if ((count & (count - 1)) == 0 || count % 16 == 0)
        slow_ = clock::now() - begun > limits::chunk_time;
    }
  } catch (...) {
    failure_ = std::current_exception();
    source_.reset();
  }
  return tasks;
}

template <class Keep, class Enough>
void map_feeder::feed(std::size_t wanted, Keep keep, Enough enough) {
  while (source_ && wanted > 0) {
    auto tasks = read(std::min(wanted, chunk_size()), keep);
    wanted -= tasks.size();
    counters_->submitting(tasks.size());
    if (!tasks.empty())
      pool_->submit(std::move(tasks));
    if (slow_ && !fits_ && enough())
      return;
  }
}

void map_feeder::rethrow_failure() {
  if (failure_)
    std::rethrow_exception(std::exchange(failure_, nullptr));
}

// -- ordered --------------------------------------------------------------------------------------------

ordered_window::ordered_window(
  pool_ref pool, std::unique_ptr<map_source> source, const map_options& options)
  : feeder_(std::move(pool), std::move(source), options)
  , size_(options.window()) {
  top_up();
}

void ordered_window::top_up() {
  if (!feeder_.at_end() && tasks_.size() < size_)
    feeder_.feed(
      size_ - tasks_.size(), [this](const task_ptr& task) { tasks_.push_back(task); },
      [this] { return front_is_done(); });
}

task_ptr ordered_window::front() {
  // Who would have to wait reads on, so that the window is full when it does.
  if (!front_is_done())
    top_up();
  if (!tasks_.empty())
    return tasks_.front();
  feeder_.rethrow_failure();
  return nullptr;
}

void ordered_window::pop() {
  tasks_.pop_front();
  // In large steps, so that the pool is woken rarely, but never so late that it runs dry; and not at all where
  // reading would hold up the result that has just been taken.
  if (tasks_.size() <= size_ / 2 && !feeder_.is_slow())
    top_up();
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
  if (feeder_.at_end() || outstanding_ >= size_)
    return;
  feeder_.feed(
    size_ - outstanding_,
    [this](const task_ptr& task) {
      task->watch(completions_);
      pending_.insert(task);
      ++outstanding_;
    },
    [this] { return ready(); });
}

bool unordered_window::expects_more() {
  if (!ready())
    fill();
  if (outstanding_ == 0)
    feeder_.rethrow_failure();
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
  if (outstanding_ <= size_ / 2 && !feeder_.is_slow()) // as `ordered_window::pop`
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
