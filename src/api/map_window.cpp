#include <troupe/detail/map_window.hpp>

#include "api/completion_list.hpp"
#include "api/map_feeder.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <set>
#include <utility>
#include <vector>

namespace troupe::detail {

ordered_window::~ordered_window() = default;
unordered_window::~unordered_window() = default;

namespace {

// -- ordered --------------------------------------------------------------------------------------------

class ordered_reader final : public ordered_window {
public:
  ordered_reader(
    const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options)
    : feeder_(pool, std::move(source), options)
    , size_(options.window()) {
    top_up();
  }

  task_ptr front() override;
  void pop() override;
  void cancel(bool started_too) override;
  void wait(task_state& task) override {
    wait_for_task(feeder_.pool(), task, std::chrono::steady_clock::time_point::max(),
      "waiting for the results of a map");
  }
  std::shared_ptr<void> lend() override { return feeder_.pool()->lend(); }
  std::size_t size_hint() const noexcept override { return feeder_.size_hint(); }
  map_progress progress() const noexcept override { return feeder_.progress(); }

private:
  bool front_is_done() const { return !tasks_.empty() && tasks_.front()->done(); }
  void top_up();

  map_feeder feeder_;
  std::size_t size_;
  std::deque<task_ptr> tasks_;
};

void ordered_reader::top_up() {
  if (!feeder_.at_end() && tasks_.size() < size_)
    feeder_.feed(
      size_ - tasks_.size(), [this](const task_ptr& task) { tasks_.push_back(task); },
      [this] { return front_is_done(); });
}

task_ptr ordered_reader::front() {
  // Who would have to wait reads on, so that the window is full when it does.
  if (!front_is_done())
    top_up();
  if (!tasks_.empty())
    return tasks_.front();
  feeder_.finish();
  return nullptr;
}

void ordered_reader::pop() {
  tasks_.pop_front();
  // In large steps, so that the pool is woken rarely, but never so late that it runs dry; and not at all where
  // reading would hold up the result that has just been taken.
  if (tasks_.size() <= size_ / 2 && !feeder_.is_slow())
    top_up();
}

void ordered_reader::cancel(bool started_too) {
  feeder_.stop();
  // The latest first: else those that run would make room for others, which would be started.
  for (auto task = tasks_.rbegin(); task != tasks_.rend(); ++task)
    if (!(*task)->done())
      feeder_.pool()->cancel(*task, started_too);
}

// -- unordered ------------------------------------------------------------------------------------------

class unordered_reader final : public unordered_window {
public:
  unordered_reader(
    const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options)
    : feeder_(pool, std::move(source), options)
    , size_(options.window())
    , completions_(std::make_shared<completion_list>()) {
    fill();
  }

  bool expects_more() override;
  bool ready() const override { return !completions_->empty(); }
  void wait() override;
  std::shared_ptr<void> lend() override { return feeder_.pool()->lend(); }
  task_ptr take() override;
  void cancel() override;
  map_progress progress() const noexcept override { return feeder_.progress(); }
  promise_ptr next_completion() override { return completions_->next_completion(); }

private:
  void fill();

  map_feeder feeder_;
  std::size_t size_;
  std::shared_ptr<completion_list> completions_;
  std::set<task_ptr> pending_;  // those that have not been taken
  std::size_t outstanding_ = 0; // submitted and not taken
};

void unordered_reader::fill() {
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

bool unordered_reader::expects_more() {
  if (!ready())
    fill();
  if (outstanding_ == 0)
    feeder_.finish();
  return outstanding_ > 0;
}

void unordered_reader::wait() {
  if (ready())
    return;
  // The pool knows how to wait for a promise, in the parent and in a child.
  wait_for_task(feeder_.pool(), *next_completion(), std::chrono::steady_clock::time_point::max(),
    "waiting for the results of a map");
}

task_ptr unordered_reader::take() {
  task_ptr task(static_cast<task_state*>(completions_->take().get()));
  pending_.erase(task);
  --outstanding_;
  if (outstanding_ <= size_ / 2 && !feeder_.is_slow()) // as `ordered_reader::pop`
    fill();
  return task;
}

void unordered_reader::cancel() {
  feeder_.stop();
  std::vector<task_ptr> pending(pending_.begin(), pending_.end());
  std::sort(pending.begin(), pending.end(),
    [](const task_ptr& a, const task_ptr& b) { return a->index > b->index; }); // the latest first
  for (const auto& task : pending)
    if (!task->done())
      feeder_.pool()->cancel(task, true);
}

} // namespace

std::shared_ptr<ordered_window> open_ordered_window(
  const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options) {
  return std::make_shared<ordered_reader>(pool, std::move(source), options);
}

std::shared_ptr<unordered_window> open_unordered_window(
  const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options) {
  return std::make_shared<unordered_reader>(pool, std::move(source), options);
}

} // namespace troupe::detail
