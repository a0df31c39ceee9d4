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

void item_reader::open(task_ptr done) {
  task_ = std::move(done);
  left_ = task_->size();
  in_records_ = task_->is_batch() && task_->result().what == outcome::kind::value;
  if (in_records_)
    next_record_ = task_->result().payload.data();
}

namespace {

// Those of a batch that are not done, first the one that has the first items.
void cancel_parts(const pool_ref& pool, task_ptr part, bool started_too) {
  while (part && part->done())
    part = part->rest;
  if (part)
    pool->cancel(std::move(part), started_too);
}

// -- ordered --------------------------------------------------------------------------------------------

class ordered_reader final : public ordered_window {
public:
  ordered_reader(
    const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options)
    : feeder_(pool, std::move(source), options) {
    top_up();
  }

  void cancel(bool started_too) override;
  void wait(task_state& task) override {
    wait_for_task(feeder_.pool(), task, std::chrono::steady_clock::time_point::max(),
      "waiting for the results of a map");
  }
  std::shared_ptr<void> lend() override { return feeder_.pool()->lend(); }
  std::size_t size_hint() const noexcept override { return feeder_.size_hint(); }
  map_progress progress() const noexcept override { return feeder_.progress(); }

private:
  task_state* next_task() override;
  void open_next() override;
  void all_taken() override;
  bool front_is_done() const {
    return !items_.at_end() || (!tasks_.empty() && tasks_.front()->done());
  }
  void top_up();

  map_feeder feeder_;
  std::deque<task_ptr> tasks_;  // after those of `items_`
  std::size_t outstanding_ = 0; // items that have been submitted and not taken
  std::size_t low_water_ = 0;   // with so many it reads on
};

void ordered_reader::top_up() {
  const auto window = feeder_.window();
  low_water_ = window / 2;
  if (!feeder_.at_end() && outstanding_ < window)
    feeder_.feed(
      window - outstanding_,
      [this](const task_ptr& task) {
        tasks_.push_back(task);
        outstanding_ += task->size();
      },
      [this] { return front_is_done(); });
}

task_state* ordered_reader::next_task() {
  // Who would have to wait reads on, so that the window is full when it does.
  if (!front_is_done())
    top_up();
  if (!tasks_.empty())
    return tasks_.front().get();
  feeder_.finish();
  return nullptr;
}

void ordered_reader::open_next() {
  auto task = std::move(tasks_.front());
  tasks_.pop_front();
  if (task->rest)
    tasks_.push_front(task->rest);
  items_.open(std::move(task));
}

void ordered_reader::all_taken() {
  const auto& task = *items_.task();
  outstanding_ -= task.size();
  feeder_.taken(task);
  // In large steps, so that the pool is woken rarely, but never so late that it runs dry; and not at all where
  // reading would hold up the result that has just been taken.
  if (outstanding_ <= low_water_ && !feeder_.is_slow())
    top_up();
}

void ordered_reader::cancel(bool started_too) {
  feeder_.stop();
  // The latest first: else those that run would make room for others, which would be started.
  for (auto task = tasks_.rbegin(); task != tasks_.rend(); ++task)
    cancel_parts(feeder_.pool(), *task, started_too);
}

// -- unordered ------------------------------------------------------------------------------------------

class unordered_reader final : public unordered_window {
public:
  unordered_reader(
    const pool_ref& pool, std::unique_ptr<map_source> source, const map_options& options)
    : feeder_(pool, std::move(source), options)
    , completions_(std::make_shared<completion_list>()) {
    fill();
  }

  void wait() override;
  std::shared_ptr<void> lend() override { return feeder_.pool()->lend(); }
  void cancel() override;
  map_progress progress() const noexcept override { return feeder_.progress(); }
  promise_ptr next_completion() override { return completions_->next_completion(); }

private:
  bool expects_tasks() override;
  bool has_done() const override { return !completions_->empty(); }
  void open_next() override;
  void all_taken() override;
  void fill();
  void expect(task_ptr part);

  map_feeder feeder_;
  std::shared_ptr<completion_list> completions_;
  std::set<task_ptr>
    pending_; // for `cancel`: those that are not done are among them, or behind them
  std::size_t outstanding_ = 0; // items that have been submitted and not taken
  std::size_t low_water_ = 0;   // with so many it reads on
};

// The first part of a batch that is not done. Those behind it come by themselves, but are reached through it.
void unordered_reader::expect(task_ptr part) {
  while (part && part->done())
    part = part->rest;
  if (part)
    pending_.insert(std::move(part));
}

void unordered_reader::fill() {
  const auto window = feeder_.window();
  low_water_ = window / 2;
  if (feeder_.at_end() || outstanding_ >= window)
    return;
  feeder_.feed(
    window - outstanding_,
    [this](const task_ptr& task) {
      task->collector = completions_;
      task->watch(completions_);
      pending_.insert(task);
      outstanding_ += task->size();
    },
    [this] { return ready(); });
}

bool unordered_reader::expects_tasks() {
  if (!has_done())
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

void unordered_reader::open_next() {
  task_ptr task(static_cast<task_state*>(completions_->take().get()));
  pending_.erase(task);
  expect(task->rest);
  items_.open(std::move(task));
}

void unordered_reader::all_taken() {
  const auto& task = *items_.task();
  outstanding_ -= task.size();
  feeder_.taken(task);
  if (outstanding_ <= low_water_ && !feeder_.is_slow()) // as `ordered_reader::all_taken`
    fill();
}

void unordered_reader::cancel() {
  feeder_.stop();
  std::vector<task_ptr> pending(pending_.begin(), pending_.end());
  std::sort(pending.begin(), pending.end(),
    [](const task_ptr& a, const task_ptr& b) { return a->index > b->index; }); // the latest first
  for (const auto& task : pending)
    cancel_parts(feeder_.pool(), task, true);
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
