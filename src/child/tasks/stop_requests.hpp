#pragma once

#include "link/cell_table.hpp"
#include "link/wishes.hpp"

#include <troupe/scheduler.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace troupe::child {

/// Tells running tasks that they are to stop, through their stop tokens. The parent marks the task in the
/// cell table, and the loop looks at the marks, unless a plain function holds it: so as soon as a plain
/// function has asked for its token, a thread waits for marks, too. Thread-safe.
class stop_requests {
public:
  stop_requests(link::cell_table cells, link::wishes& wanted)
    : cells_(cells)
    , wanted_(wanted) {}
  stop_requests(const stop_requests&) = delete;
  stop_requests& operator=(const stop_requests&) = delete;

  /// The token of a running task. `blocks_loop`: it keeps the loop from looking at the marks. Throws
  /// `std::system_error` if the thread that does so instead cannot be made.
  std::stop_token token(std::uint32_t cell, task_id task, bool blocks_loop);
  /// Asks the task in a cell to stop, if it is marked.
  void stop(std::uint32_t cell);
  /// The task has ended. Cheap as long as nobody has asked for a token.
  void forget(std::uint32_t cell) {
    if (any_.load(std::memory_order_acquire))
      erase(cell);
  }

private:
  struct entry {
    task_id task = 0;
    std::stop_source source;
  };

  void erase(std::uint32_t cell);
  void look();
  void listen();
  void run();

  link::cell_table cells_;
  link::wishes& wanted_;
  std::atomic<bool> any_ = false; // whether a token has ever been asked for
  std::mutex mutex_;
  std::map<std::uint32_t, entry> entries_; // by cell; guarded by mutex_
  std::vector<std::uint32_t> block_loop_;  // the cells of those that do; guarded by mutex_
  bool listening_ = false;                 // guarded by mutex_
};

} // namespace troupe::child
