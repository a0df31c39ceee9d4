#pragma once

#include <troupe/map_options.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>

namespace troupe::detail {

/// How far a map has come, shared by its results and its tasks. Thread-safe.
class map_counters {
public:
  map_counters(std::function<void(const map_progress&)> told, std::optional<std::size_t> total)
    : told_(std::move(told))
    , total_(total) {}

  void submitted() noexcept { submitted_.fetch_add(1, std::memory_order_relaxed); }
  /// On the loop's thread.
  void completed(bool failed) noexcept;
  map_progress snapshot() const noexcept;

private:
  const std::function<void(const map_progress&)> told_;
  const std::optional<std::size_t> total_;
  std::atomic<std::size_t> submitted_ = 0;
  std::atomic<std::size_t> completed_ = 0;
  std::atomic<std::size_t> failed_ = 0;
  std::atomic<std::uint32_t> references_ = 0;

  friend void intrusive_ptr_add_ref(map_counters* counters) noexcept {
    counters->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(map_counters* counters) noexcept {
    if (counters->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete counters;
  }
};

} // namespace troupe::detail
