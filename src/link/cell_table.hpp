#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::link {

/// What both sides know of a task that is in a child.
struct cell_record {
  /// The task's id and how far it has come.
  std::atomic<std::uint64_t> word;
  /// When the child started it, in nanoseconds of the steady clock. Written by the child.
  std::atomic<std::int64_t> started;
  /// The id of a task that is to stop. Written by the parent.
  std::atomic<std::uint64_t> stop;
};

/// One record for each task that is in a child. It lies in shared memory and outlives the child, so after
/// a death it tells which tasks were started and which not.
///
///     free ──parent: put──▶ queued ──child: start──▶ started ──child: finish──▶ done
///                             └──parent: revoke──▶ revoked
///
/// `start` and `revoke` are compare-and-swap on one word, so each task is either started or taken back.
/// The parent sets a word free again when it has the outcome, or when it has revoked: a stale frame
/// cannot start the cell's next task, because the id in the word is another.
class cell_table {
public:
  enum class state : std::uint8_t { free = 0, queued = 1, started = 2, done = 3, revoked = 4 };

  cell_table() = default;
  cell_table(cell_record* records, std::uint32_t size)
    : records_(records)
    , size_(size) {}

  std::uint32_t size() const noexcept { return size_; }

  void put(std::uint32_t cell, std::uint64_t task) noexcept {
    records_[cell].word.store(word(task, state::queued), std::memory_order_release);
  }
  /// `now`: of the steady clock, in nanoseconds.
  bool start(std::uint32_t cell, std::uint64_t task, std::int64_t now = 0) noexcept {
    // A stale message must not move the start of the task that has the cell now. Only the calling thread
    // starts tasks, so that one is not started meanwhile.
    if (records_[cell].word.load(std::memory_order_relaxed) != word(task, state::queued))
      return false;
    records_[cell].started.store(now, std::memory_order_relaxed); // published by the swap
    return swap(cell, word(task, state::queued), word(task, state::started));
  }
  bool revoke(std::uint32_t cell, std::uint64_t task) noexcept {
    return swap(cell, word(task, state::queued), word(task, state::revoked));
  }
  void finish(std::uint32_t cell, std::uint64_t task) noexcept {
    records_[cell].word.store(word(task, state::done), std::memory_order_release);
  }
  void release(std::uint32_t cell) noexcept {
    records_[cell].word.store(0, std::memory_order_release);
  }

  /// Whether the task has not been started. Any other word than the expected ones counts as started: a
  /// child that scribbles here must not get a task run twice.
  bool is_unstarted(std::uint32_t cell, std::uint64_t task) const noexcept {
    const auto seen = records_[cell].word.load(std::memory_order_acquire);
    return seen == word(task, state::queued) || seen == word(task, state::revoked);
  }
  /// When the child says that it started what is in the cell: after `is_unstarted` has said no.
  std::int64_t started_at(std::uint32_t cell) const noexcept {
    return records_[cell].started.load(std::memory_order_relaxed);
  }

  /// Asks the task to stop, for those of its threads that look (`is_to_stop`).
  void request_stop(std::uint32_t cell, std::uint64_t task) noexcept {
    records_[cell].stop.store(task, std::memory_order_release);
  }
  bool is_to_stop(std::uint32_t cell, std::uint64_t task) const noexcept {
    return records_[cell].stop.load(std::memory_order_acquire) == task;
  }

private:
  static std::uint64_t word(std::uint64_t task, state s) noexcept {
    return task << 3 | static_cast<std::uint64_t>(s);
  }
  bool swap(std::uint32_t cell, std::uint64_t from, std::uint64_t to) noexcept {
    return records_[cell].word.compare_exchange_strong(from, to, std::memory_order_acq_rel);
  }

  cell_record* records_ = nullptr;
  std::uint32_t size_ = 0;
};

} // namespace troupe::link
