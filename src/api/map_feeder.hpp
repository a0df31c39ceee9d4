#pragma once

#include <troupe/detail/map_window.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/task_state.hpp>

#include "base/limits.hpp"
#include "values/map_counters.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace troupe::detail {

/// Makes tasks of a map's input and hands them to the pool.
class map_feeder {
public:
  map_feeder(pool_ref pool, std::unique_ptr<map_source> source, const map_options& options);

  /// Submits up to `wanted` tasks; `keep` sees each before that. An input of unknown size that has nothing more is
  /// asked again the next time: results that are taken meanwhile may feed it. Stops early when reading takes long and
  /// `enough` says so; but an input that is known to fit is read as a whole, and need not live longer. What reading
  /// throws ends the input, and waits for `finish`.
  template <class Keep, class Enough>
  void feed(std::size_t wanted, Keep keep, Enough enough);
  bool at_end() const noexcept { return source_ == nullptr; }
  /// Whether an item of the input takes long, so that reading on holds up results that are ready.
  bool is_slow() const noexcept { return slow_; }
  /// Reads no more.
  void stop() noexcept { source_.reset(); }
  /// All results have been taken, and there is no more input. Throws what reading it threw, if it did.
  void finish();

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
  bool empty_ = false;         // it had nothing more when it was last asked
  std::exception_ptr failure_; // of reading the input
};

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
        empty_ = true;
        if (source_->size())
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
  empty_ = false;
  while (source_ && !empty_ && wanted > 0) {
    auto tasks = read(std::min(wanted, chunk_size()), keep);
    wanted -= tasks.size();
    counters_->submitting(tasks.size());
    if (!tasks.empty())
      pool_->submit(std::move(tasks));
    if (slow_ && !fits_ && enough())
      return;
  }
}

} // namespace troupe::detail
