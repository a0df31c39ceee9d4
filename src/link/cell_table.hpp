#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace troupe::link {

/// What both sides know of a task that is in a child.
struct cell_record {
  /// Which delivery it is, and how many items have been claimed (`cell_table`).
  std::atomic<std::uint64_t> claim;
  /// When the child began what it runs, and of a batch that has ended, when it began that; in nanoseconds of the steady
  /// clock. Written by the child.
  std::atomic<std::int64_t> started;
  /// The id of a task that is to stop. Written by the parent.
  std::atomic<std::uint64_t> stop;
  /// The thread that executes a blocking function this moment, or 0. Written by the child.
  std::atomic<std::uint32_t> thread;
};

/// One record for each task that is in a child. It lies in shared memory and outlives the child, so after
/// a death it tells which tasks were started and which not.
///
/// A task is a batch of items, mostly of one. The child *claims* the next item before it begins it, and the
/// parent *closes* the cell to take back all that have not been claimed, without asking the child:
///
///     word:  delivery (45 bits) | closed (1 bit) | number of claimed items (18 bits)
///
/// To claim is a compare-and-swap, to close one `fetch_or`, both on this word, so each item is either claimed or
/// taken back, and the parent waits for nothing that a child does. The parent sets the word to 0 again when it has
/// the outcome, or when it has taken everything back. A *delivery* is the number of the call among those that the child
/// was sent, from 1: the stale frame of what has been taken back starts nothing, also where the same task has been put
/// into the same cell again.
class cell_table {
public:
  /// A task has at most so many items.
  static constexpr std::uint32_t max_items = (1u << 18) - 1;

  cell_table() = default;
  cell_table(cell_record* records, std::uint32_t size)
    : records_(records)
    , size_(size) {}

  std::uint32_t size() const noexcept { return size_; }

  // -- the parent -----------------------------------------------------------------------------------

  void put(std::uint32_t cell, std::uint64_t delivery) noexcept {
    records_[cell].claim.store(word(delivery), std::memory_order_release);
  }
  /// No more items of the task are claimed from now on: the number of those that have been. Any word that cannot be
  /// counts as if all had been: a child that scribbles here must not get an item run twice.
  std::uint32_t close(std::uint32_t cell, std::uint64_t delivery) noexcept {
    return claimed_in(records_[cell].claim.fetch_or(closed, std::memory_order_acq_rel), delivery);
  }
  void release(std::uint32_t cell) noexcept {
    records_[cell].claim.store(0, std::memory_order_release);
  }
  /// Whether nothing of the task has been claimed.
  bool is_unstarted(std::uint32_t cell, std::uint64_t delivery) const noexcept {
    return claimed_in(records_[cell].claim.load(std::memory_order_acquire), delivery) == 0;
  }
  /// When the child says that it began what is in the cell: after `is_unstarted` has said no.
  std::int64_t started_at(std::uint32_t cell) const noexcept {
    return records_[cell].started.load(std::memory_order_relaxed);
  }

  /// The thread that the child says to execute the blocking function in the cell this moment, or 0.
  std::uint32_t thread_of(std::uint32_t cell) const noexcept {
    return records_[cell].thread.load(std::memory_order_relaxed);
  }

  // -- the child ------------------------------------------------------------------------------------

  /// The next of the task's items, to be run by the caller; nothing if there are no more, or if they have been taken
  /// back. `now`: of the steady clock, in nanoseconds.
  std::optional<std::uint32_t> claim(std::uint32_t cell, std::uint64_t delivery,
    std::uint32_t items = 1, std::int64_t now = 0) noexcept {
    auto& record = records_[cell];
    auto seen = record.claim.load(std::memory_order_relaxed);
    // A stale message must not move the start of the task that has the cell now. Only the calling thread claims.
    if ((seen & ~count_mask) != word(delivery) || (seen & count_mask) >= items)
      return std::nullopt;
    record.started.store(now, std::memory_order_relaxed); // published by the swap
    if (!record.claim.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel))
      return std::nullopt; // the parent has closed it
    return static_cast<std::uint32_t>(seen & count_mask);
  }

  /// The batch in the cell, of which this child has claimed an item, has ended: it was begun then. Before the parent is told.
  void ended(std::uint32_t cell, std::int64_t begun) noexcept {
    records_[cell].started.store(begun, std::memory_order_relaxed);
  }

  /// The blocking function in the cell is executed by that thread from now on, or by none: 0.
  void executed_by(std::uint32_t cell, std::uint32_t thread) noexcept {
    records_[cell].thread.store(thread, std::memory_order_relaxed);
  }

  // -- both -----------------------------------------------------------------------------------------

  /// Asks the task to stop, for those of its threads that look (`is_to_stop`).
  void request_stop(std::uint32_t cell, std::uint64_t task) noexcept {
    records_[cell].stop.store(task, std::memory_order_release);
  }
  bool is_to_stop(std::uint32_t cell, std::uint64_t task) const noexcept {
    return records_[cell].stop.load(std::memory_order_acquire) == task;
  }

private:
  static constexpr std::uint64_t closed = std::uint64_t{1} << 18;
  static constexpr std::uint64_t count_mask = max_items;

  static constexpr std::uint64_t word(std::uint64_t delivery) noexcept { return delivery << 19; }
  static constexpr std::uint32_t claimed_in(std::uint64_t seen, std::uint64_t delivery) noexcept {
    return seen != 0 && (seen & ~(closed | count_mask)) == word(delivery)
             ? static_cast<std::uint32_t>(seen & count_mask)
             : max_items;
  }

  cell_record* records_ = nullptr;
  std::uint32_t size_ = 0;
};

} // namespace troupe::link
