#pragma once

#include <troupe/detail/callable.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/map_counters.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/task_state.hpp>
#include <troupe/map_options.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

// The part of a map's input that is in flight or unread. It is filled by whoever takes results, so the
// input is read lazily, by one thread, and no faster than the results are used.
namespace troupe::detail {

/// The input of a map, as tasks.
class map_source {
public:
  virtual ~map_source();
  /// The next task, or null at the end of the input. Throws what reading the input throws, and
  /// `encode_error`.
  virtual task_ptr next() = 0;
  /// The size of the whole input, if that is known.
  virtual std::optional<std::size_t> size() const = 0;
};

/// `MakeTask` makes the task of one item. A range that has a name is referred to, unless it is a view; any
/// other is kept here, as `std::views::all` does it, which clang 14 cannot compile for a container.
template <class Range, class MakeTask>
class range_source final : public map_source {
  using range_type = std::remove_cvref_t<Range>;
  static constexpr bool refers =
    std::is_lvalue_reference_v<Range> && !std::ranges::view<range_type>;
  using kept_type = std::conditional_t<refers, Range, range_type>;

public:
  range_source(Range&& range, MakeTask make)
    : range_(std::forward<Range>(range))
    , make_(std::move(make)) {}

  task_ptr next() override {
    if (!position_)
      position_.emplace(std::ranges::begin(range_));
    else if (*position_ != std::ranges::end(range_) && taken_)
      ++*position_;
    taken_ = false;
    if (*position_ == std::ranges::end(range_))
      return nullptr;
    auto task = make_(**position_);
    taken_ = true;
    task->index = index_++;
    return task;
  }

  std::optional<std::size_t> size() const override {
    if constexpr (std::ranges::sized_range<decltype((range_))>)
      return static_cast<std::size_t>(std::ranges::size(range_));
    else
      return std::nullopt;
  }

private:
  kept_type range_;
  MakeTask make_;
  std::optional<std::ranges::iterator_t<kept_type>> position_;
  bool taken_ =
    false; // the item at `position_` has been used: move on only when the next is wanted
  std::uint64_t index_ = 0;
};

/// Makes tasks of a map's input and hands them to the pool.
class map_feeder {
public:
  map_feeder(pool_ref pool, std::unique_ptr<map_source> source, const map_options& options);

  /// Submits up to `wanted` tasks; `keep` sees each before that. Notices the end of the input at once. Stops early
  /// when reading takes long and `enough` says so; but an input that is known to fit is read as a whole, and need
  /// not live longer. What reading throws ends the input, and waits for `rethrow_failure`.
  template <class Keep, class Enough>
  void feed(std::size_t wanted, Keep keep, Enough enough);
  bool at_end() const noexcept { return source_ == nullptr; }
  /// Whether an item of the input takes long, so that reading on holds up results that are ready.
  bool is_slow() const noexcept { return slow_; }
  /// Once the results before it have been taken: what reading the input threw, if it did.
  void rethrow_failure();
  /// Reads no more.
  void stop() noexcept { source_.reset(); }

  const pool_ref& pool() const noexcept { return pool_; }
  std::size_t size_hint() const noexcept { return size_hint_; }
  map_progress progress() const noexcept { return counters_->snapshot(); }

private:
  std::size_t chunk_size() const;
  task_ptr next();
  // Reads a chunk, or what there is of it after a time.
  template <class Keep>
  std::vector<task_ptr> read(std::size_t most, Keep keep);

  pool_ref pool_;
  std::unique_ptr<map_source> source_; // null when it is exhausted
  std::size_t size_hint_;
  std::size_t chunk_size_;                           // 0: by the measured time of the pool's tasks
  std::shared_ptr<const task_options> task_options_; // null: the defaults
  map_counters_ptr counters_;
  const bool fits_; // the whole input is known to be no larger than the buffer
  bool slow_ = false;
  std::exception_ptr failure_; // of reading the input
};

/// Reads ahead in input order.
class ordered_window {
public:
  ordered_window(pool_ref pool, std::unique_ptr<map_source> source, const map_options& options);
  ordered_window(const ordered_window&) = delete;

  /// The next task whose result is to be taken, or null at the end.
  task_ptr front();
  void pop();
  void cancel(bool started_too);
  /// Blocks until that task is done.
  void wait(task_state& task) {
    wait_for_task(feeder_.pool(), task, std::chrono::steady_clock::time_point::max(),
      "waiting for the results of a map");
  }
  /// `pool_port::lend`.
  std::shared_ptr<void> lend() { return feeder_.pool()->lend(); }
  std::size_t size_hint() const noexcept { return feeder_.size_hint(); }
  map_progress progress() const noexcept { return feeder_.progress(); }

private:
  bool front_is_done() const { return !tasks_.empty() && tasks_.front()->done(); }
  void top_up();

  map_feeder feeder_;
  std::size_t size_;
  std::deque<task_ptr> tasks_;
};

class completion_list;

/// Reads ahead and gives the tasks in the order of their completion.
class unordered_window {
public:
  unordered_window(pool_ref pool, std::unique_ptr<map_source> source, const map_options& options);
  unordered_window(const unordered_window&) = delete;
  ~unordered_window();

  /// Whether there is a task whose result has not been taken.
  bool expects_more();
  /// Whether `take` has something.
  bool ready() const;
  /// Blocks until it has.
  void wait();
  /// `pool_port::lend`.
  std::shared_ptr<void> lend() { return feeder_.pool()->lend(); }
  task_ptr take();
  void cancel();
  map_progress progress() const noexcept { return feeder_.progress(); }

  /// Is resolved when `take` has something. It stands for the task that will be next.
  promise_ptr next_completion();

private:
  void fill();

  map_feeder feeder_;
  std::size_t size_;
  std::shared_ptr<completion_list> completions_;
  std::set<task_ptr> pending_;  // those that have not been taken
  std::size_t outstanding_ = 0; // submitted and not taken
};

} // namespace troupe::detail

#pragma GCC visibility pop
