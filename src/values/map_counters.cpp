#include "values/map_counters.hpp"

namespace troupe::detail {

void map_counters::completed(std::size_t items, std::size_t failed) noexcept {
  if (failed > 0)
    failed_.fetch_add(failed, std::memory_order_relaxed);
  try {
    if (told_) {
      auto progress = snapshot();
      progress.completed += items; // these, which are counted last: then this may be gone
      told_(progress);
    }
  } catch (...) {
    // What a progress callback throws is nobody's result.
  }
  // Exactly one of the last task and the results sees both.
  if (completed_.fetch_add(items, std::memory_order_acq_rel) + items ==
      (released | submitted_.load(std::memory_order_relaxed)))
    delete this;
}

void map_counters::release() noexcept {
  if (completed_.fetch_or(released, std::memory_order_acq_rel) ==
      submitted_.load(std::memory_order_relaxed))
    delete this;
}

map_progress map_counters::snapshot() const noexcept {
  map_progress result;
  result.completed = completed_.load(std::memory_order_acquire) & ~released;
  result.failed = failed_.load(std::memory_order_relaxed);
  result.submitted = submitted_.load(std::memory_order_relaxed);
  result.total = total_;
  return result;
}

} // namespace troupe::detail
