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

/// Makes tasks of a map's input and hands them to the pool: batches of as many items as take about a millisecond, where
/// their options are the defaults, else each item for itself.
class map_feeder {
public:
  map_feeder(pool_ref pool, std::unique_ptr<map_source> source, const map_options& options);

  /// Submits up to `wanted` items; `keep` sees each task before that. An input of unknown size that has nothing more is
  /// asked again the next time: results that are taken meanwhile may feed it. Stops early when reading takes long and
  /// `enough` says so; but an input that is known to fit is read as a whole, and need not live longer. What reading
  /// throws ends the input, and waits for `finish`.
  template <class Keep, class Enough>
  void feed(std::size_t wanted, Keep keep, Enough enough);
  bool at_end() const noexcept { return source_ == nullptr; }
  /// Whether an item of the input takes long, so that reading on holds up results that are ready.
  bool is_slow() const noexcept { return slow_; }
  /// Items that are in flight or unread, at most.
  std::size_t window() const;
  /// The results of a task have been taken.
  void taken(const task_state& task) noexcept;
  /// Reads no more.
  void stop() noexcept { source_.reset(); }
  /// All results have been taken, and there is no more input. Throws what reading it threw, if it did.
  void finish();

  const pool_ref& pool() const noexcept { return pool_; }
  std::size_t size_hint() const noexcept { return size_hint_; }
  map_progress progress() const noexcept { return counters_->snapshot(); }

private:
  using clock = std::chrono::steady_clock;

  // Items that are handed over at a time, and those of a batch.
  std::size_t chunk_size() const;
  std::size_t batch_size() const;
  std::size_t items_in(std::chrono::nanoseconds time, std::size_t unknown) const;
  // `pool_port::shares`; 0 too if the map's options forbid it.
  std::size_t shares() const;
  // The task of up to `most` items; null if there are none.
  task_ptr next(std::size_t most);
  // Reads on, up to where the clock is to be looked at; false if there is nothing more at present.
  bool read_some(bytes& arguments, std::size_t most, bool in_batch);
  std::size_t until_look() const noexcept;

  pool_ref pool_;
  std::unique_ptr<map_source> source_; // null when it is exhausted
  const call_code code_;
  std::size_t size_hint_;
  const std::size_t chunk_size_;                     // 0: by the measured time of the pool's tasks
  const std::size_t buffer_size_;                    // 0: likewise
  std::shared_ptr<const task_options> task_options_; // null: the defaults
  map_counters_ptr counters_;
  const bool may_share_;        // else each item is a task of its own
  std::size_t may_travel_;      // items of a batch, at most
  const bool fits_;             // the whole input is known to be no larger than the buffer
  std::size_t read_ = 0;        // items
  std::size_t read_before_ = 0; // the present chunk
  clock::time_point chunk_begun_{};
  std::size_t usual_bytes_ = 0;  // of a batch's arguments
  std::size_t result_bytes_ = 0; // of 64 results, as an exponentially weighted average
  bool slow_ = false;
  bool empty_ = false;         // it had nothing more when it was last asked
  std::exception_ptr failure_; // of reading the input
};

template <class Keep, class Enough>
void map_feeder::feed(std::size_t wanted, Keep keep, Enough enough) {
  empty_ = false;
  while (source_ && !empty_ && wanted > 0) {
    std::vector<task_ptr> tasks;
    std::size_t items = 0;
    const auto most = std::min(wanted, chunk_size());
    const auto in_batch = batch_size();
    chunk_begun_ = clock::now();
    read_before_ = read_;
    slow_ = false;
    while (source_ && !empty_ && !slow_ && items < most)
      if (auto task = next(std::min(in_batch, most - items))) {
        items += task->size();
        keep(task);
        tasks.push_back(std::move(task));
      }
    wanted -= items;
    counters_->submitting(items);
    if (!tasks.empty())
      pool_->submit(std::move(tasks));
    if (slow_ && !fits_ && enough())
      return;
  }
}

} // namespace troupe::detail
