#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace troupe::link {

/// What the parent wants of its child, in shared memory. A wish stays until the child looks, whatever
/// else is full or lost, so the doorbell says nothing but "look". Zero is the initial state.
class wishes {
public:
  // -- the parent -----------------------------------------------------------------------------------

  /// The child is to run its finalizer and leave with that exit code.
  void request_drain(int exit_code) noexcept;
  /// Tasks have been marked that are to stop. Wakes the thread that waits for this.
  void announce_stop() noexcept;

  // -- the child ------------------------------------------------------------------------------------

  /// With which exit code it is to leave; nothing if it is to stay.
  std::optional<int> drain() const noexcept;
  /// How often `announce_stop` has been called.
  std::uint32_t stop_count() const noexcept { return stops_.load(std::memory_order_acquire); }
  /// Blocks until `stop_count` may be another than `seen`.
  void wait_for_stop(std::uint32_t seen) noexcept;

private:
  alignas(64) std::atomic<std::uint64_t> drain_;
  std::atomic<std::uint32_t> stops_;
  std::atomic<std::uint32_t> listening_; // whether a thread of the child has ever waited
};

/// One bit for each cell whose task is to stop, so that the child need not look at all cells for each.
class stop_marks {
public:
  static constexpr std::size_t words_for(std::size_t cells) noexcept { return (cells + 63) / 64; }

  stop_marks(std::atomic<std::uint64_t>* words, std::size_t cells) noexcept
    : words_(words)
    , count_(words_for(cells)) {}

  void set(std::uint32_t cell) noexcept {
    words_[cell / 64].fetch_or(std::uint64_t{1} << cell % 64, std::memory_order_release);
  }

  /// Clears all marks and calls `handle(cell)` for each.
  template <class Handle>
  void take(Handle handle) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (words_[i].load(std::memory_order_relaxed) == 0)
        continue;
      auto marked = words_[i].exchange(0, std::memory_order_acquire);
      for (; marked != 0; marked &= marked - 1)
        handle(static_cast<std::uint32_t>(64 * i) +
               static_cast<std::uint32_t>(std::countr_zero(marked)));
    }
  }

private:
  std::atomic<std::uint64_t>* words_;
  std::size_t count_;
};

} // namespace troupe::link
