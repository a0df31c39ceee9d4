#pragma once

#include <troupe/callback.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/task_options.hpp>

#include <cstddef>
#include <optional>

#pragma GCC visibility push(default)

namespace troupe {

/// How far a map has come.
struct map_progress {
  std::size_t submitted = 0; ///< items read from the input
  std::size_t completed = 0; ///< of those, items that have ended, one way or another
  std::size_t failed = 0;    ///< of those, items that ended without a value
  /// Size of the input, where it is known.
  std::optional<std::size_t> total{};
};

/// What can be said about a map. Give it as the first argument:
/// `pool.map(troupe::map_options{.buffersize = 100}, f, range)`.
struct map_options {
  /// Items that are read, handed to the pool, and travel to a child at a time. Transport only: each item has its own
  /// outcome and blame, an item that takes long does not hold up the others, and what a child has not begun when
  /// another one is idle goes there. Coroutines travel together as far as they end at once: as many, and at most 256,
  /// as have come since one that had to wait. What travels together of `troupe::blocking` functions runs on one thread,
  /// but an item that takes longer than a millisecond gives the others away to all threads. Items travel one by one where
  /// their `task` options ask for a timeout, an expiry, retries or idempotence, where `on_progress` is given, and in a
  /// pool with `maxtasksperchild` or `max_queue`. 0: as many as the pool runs in about a millisecond, by its measured
  /// times, and no more than leave something for everyone. At most 16,384, and 32 KiB of arguments.
  std::size_t chunksize = 0;

  /// At most this many items are in flight or unread. 0: `default_buffersize`, and up to 65,536 of those that take
  /// microseconds or less, and whose results are small.
  std::size_t buffersize = 0;

  /// When an item fails while all results are waited for at once, the items that have not been started are
  /// cancelled.
  bool fail_fast = true;

  /// Called after each item, on the event loop's thread, which it must not hold up. What it throws is
  /// ignored. Where only a look now and then is wanted, ask `progress()` of the results instead.
  callback<const map_progress&> on_progress{};

  /// For each item's task.
  task_options task{};

  static constexpr std::size_t default_buffersize = 4096;
  std::size_t window() const noexcept { return buffersize == 0 ? default_buffersize : buffersize; }
};

} // namespace troupe

#pragma GCC visibility pop
