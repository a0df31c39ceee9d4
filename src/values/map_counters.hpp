#pragma once

#include <troupe/callback.hpp>
#include <troupe/map_options.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

namespace troupe::detail {

/// How far a map has come, shared by its results and its tasks. Lives until its results are gone and each
/// task that was submitted has ended. Thread-safe.
class map_counters {
public:
  map_counters(callback<const map_progress&> told, std::optional<std::size_t> total)
    : told_(std::move(told))
    , total_(total) {}

  /// That number of items is about to be submitted; their tasks will call `completed`.
  void submitting(std::size_t items) noexcept {
    submitted_.fetch_add(items, std::memory_order_relaxed);
  }
  /// By a task of so many items that has ended, which must not use this any more.
  void completed(std::size_t items, std::size_t failed) noexcept;
  /// By the results, which must not use this any more and submit nothing more.
  void release() noexcept;
  map_progress snapshot() const noexcept;

  struct releaser {
    void operator()(map_counters* counters) const noexcept { counters->release(); }
  };

private:
  const callback<const map_progress&> told_;
  const std::optional<std::size_t> total_;
  // Beside the number of tasks that have ended: the results are gone.
  static constexpr std::size_t released = std::size_t{1} << 63;

  // The one who submits and the loop, which counts what has ended, write to different cache lines.
  std::atomic<std::size_t> submitted_ = 0;
  alignas(64) std::atomic<std::size_t> completed_ = 0;
  std::atomic<std::size_t> failed_ = 0;
};

using map_counters_ptr = std::unique_ptr<map_counters, map_counters::releaser>;

} // namespace troupe::detail
