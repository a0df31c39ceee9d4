#pragma once

#include "account.hpp"
#include "verdict.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>

namespace torture {

/// How a task resolved.
enum class outcome : std::uint32_t {
  none,
  value,
  threw,     ///< the task itself
  lost,      ///< its child died after it had begun
  cancelled, ///< may have been begun
  timed_out, ///< likewise
  any, ///< of a child that lies, or a process without memory: all that counts is that it has resolved
  refused, ///< the library says that it was never begun: expired, undeliverable, the pool closed or failed
};

/// What the parent knows of the tasks, which is compared with what they have noted themselves. Thread-safe, but for
/// `settle`.
class tally {
public:
  /// Of tasks that are submitted until somebody stops that.
  static constexpr std::uint64_t most_in_row = account::capacity / 4;

  explicit tally(verdict& says)
    : says_(says) {}

  /// Tasks that a child of these sub-commands may have begun and not ended at the same time.
  void set_most_begun(std::size_t tasks) { most_begun_ = tasks; }

  /// The number of the first of `tasks` that are going to be submitted.
  std::uint64_t submit(std::uint64_t tasks = 1) { return submitted_.fetch_add(tasks); }
  /// The number of the first of those that will be submitted until somebody stops that; one such row at a time.
  std::uint64_t open_row() const { return first_open_ + open_.load(); }
  /// So many they have been.
  void close_row(std::uint64_t tasks) { open_.fetch_add(tasks); }
  void resolved(std::uint64_t task, outcome how, pid_t blamed = 0);
  /// With that failure, or a value if it is null.
  void resolved(std::uint64_t task, const std::exception_ptr& failure);
  /// What the failure is, and which child it blames.
  static outcome kind_of(const std::exception_ptr& failure, pid_t& blamed);

  /// How often something has resolved: if that stands still, something hangs.
  std::uint64_t beats() const { return beats_.load(); }
  void beat() { beats_.fetch_add(1, std::memory_order_relaxed); }

  /// Calls `f` with the number and the entry of each task that was submitted and is not settled.
  template <class F>
  void for_each(F f) const {
    auto& kept = account::here();
    for (std::uint64_t task = 0; task < submitted_.load(); ++task)
      f(task, kept.of(task));
    for (std::uint64_t task = first_open_; task < open_row(); ++task)
      f(task, kept.of(task));
  }
  /// Compares all tasks submitted so far with the account, and begins anew. Nothing may run any more.
  void settle();
  /// Of everything that was settled.
  const counts& total() const { return total_; }
  /// Of what was not.
  counts unsettled() const;
  /// Tasks that were called lost and had noted nothing: their child died between its claim and the first line of the
  /// function. Of plain functions, at most one for each death.
  std::uint64_t unbegun() const { return unbegun_; }

private:
  static constexpr std::uint64_t first_open_ = account::capacity / 2;

  void check(std::uint64_t task, const entry& noted);

  verdict& says_;
  std::size_t most_begun_ = 1;
  std::atomic<std::uint64_t> submitted_ = 0; // since the last `settle`
  std::atomic<std::uint64_t> open_ = 0;      // likewise, in rows
  std::atomic<std::uint64_t> resolved_ = 0;
  std::atomic<std::uint64_t> beats_ = 0;
  counts total_;
  std::uint64_t unbegun_ = 0;
};

} // namespace torture
