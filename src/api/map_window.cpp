#include <troupe/detail/map_window.hpp>

namespace troupe::detail {

namespace {

// Tasks that are handed over in one message: enough to make the message cheap, few enough that the first
// are on their way while the last are still encoded.
constexpr std::size_t batch = 256;

// Reads up to `wanted` tasks and submits them. `keep` sees each. False at the end of the input.
template <class Keep>
bool submit_some(const pool_ref& pool, map_source& source, std::size_t wanted, Keep keep) {
  bool more = true;
  while (more && wanted > 0) {
    std::vector<task_ptr> tasks;
    tasks.reserve(std::min(wanted, batch));
    std::exception_ptr error;
    try {
      while (more && tasks.size() < batch && wanted > 0) {
        if (auto task = source.next()) {
          keep(task);
          tasks.push_back(std::move(task));
          --wanted;
        } else {
          more = false;
        }
      }
    } catch (...) {
      error = std::current_exception();
    }
    if (!tasks.empty())
      submit_tasks(pool, std::move(tasks));
    if (error)
      std::rethrow_exception(error);
  }
  // Notices the end at once, so that an input that fits into the window is done with.
  return more;
}

} // namespace

map_source::~map_source() = default;

// -- ordered --------------------------------------------------------------------------------------------

ordered_window::ordered_window(pool_ref pool, std::unique_ptr<map_source> source, std::size_t size)
  : pool_(std::move(pool))
  , source_(std::move(source))
  , size_(size)
  , size_hint_(source_->size_hint()) {
  fill();
}

void ordered_window::fill() {
  // In large steps, so that the pool is woken rarely; but never so late that it runs dry.
  if (!source_ || tasks_.size() > size_ / 2)
    return;
  if (!submit_some(pool_, *source_, size_ - tasks_.size(),
        [this](const task_ptr& task) { tasks_.push_back(task); }))
    source_.reset();
}

task_ptr ordered_window::front() {
  if (tasks_.empty())
    fill();
  return tasks_.empty() ? nullptr : tasks_.front();
}

void ordered_window::pop() {
  tasks_.pop_front();
  fill();
}

void ordered_window::cancel() {
  source_.reset();
  for (const auto& task : tasks_)
    if (!task->done())
      cancel_task(pool_, task);
}

// -- unordered ------------------------------------------------------------------------------------------

/// Where the pool leaves completed tasks.
class unordered_window::completions final : public task_watcher {
public:
  void resolved(task_state& task) noexcept override {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      done_.emplace_back(&task);
      wake = std::exchange(when_ready_, nullptr);
    }
    changed_.notify_one();
    if (wake)
      wake();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    if (done_.empty()) {
      check_may_block("waiting for the results of a map");
      changed_.wait(lock, [this] { return !done_.empty(); });
    }
  }

  task_ptr take() {
    const std::lock_guard lock(mutex_);
    auto task = std::move(done_.front());
    done_.pop_front();
    return task;
  }

  void notify(std::function<void()> when_ready) {
    {
      const std::lock_guard lock(mutex_);
      if (done_.empty()) {
        when_ready_ = std::move(when_ready);
        return;
      }
    }
    when_ready();
  }

  /// All tasks that are not done, to cancel them.
  std::set<task_ptr> pending; // of the window's own thread

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<task_ptr> done_;        // guarded by mutex_
  std::function<void()> when_ready_; // guarded by mutex_
};

unordered_window::unordered_window(
  pool_ref pool, std::unique_ptr<map_source> source, std::size_t size)
  : pool_(std::move(pool))
  , source_(std::move(source))
  , size_(size)
  , completions_(std::make_shared<completions>()) {
  fill();
}

unordered_window::~unordered_window() = default;

void unordered_window::fill() {
  if (!source_ || outstanding_ > size_ / 2)
    return;
  const auto keep = [this](const task_ptr& task) {
    task->watch(completions_);
    completions_->pending.insert(task);
    ++outstanding_;
  };
  if (!submit_some(pool_, *source_, size_ - outstanding_, keep))
    source_.reset();
}

bool unordered_window::expects_more() {
  if (outstanding_ == 0)
    fill();
  return outstanding_ > 0;
}

void unordered_window::wait() {
  completions_->wait();
}

task_ptr unordered_window::take() {
  auto task = completions_->take();
  completions_->pending.erase(task);
  --outstanding_;
  fill();
  return task;
}

void unordered_window::cancel() {
  source_.reset();
  for (const auto& task : completions_->pending)
    if (!task->done())
      cancel_task(pool_, task);
}

void unordered_window::notify(std::function<void()> when_ready) {
  completions_->notify(std::move(when_ready));
}

} // namespace troupe::detail
