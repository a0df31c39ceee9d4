#include <troupe/detail/task_state.hpp>

#include "values/exception_codec.hpp"

#include <array>
#include <condition_variable>
#include <mutex>

namespace troupe::detail {

task_watcher::~task_watcher() = default;

namespace {

// A thread that waits for a task sleeps here. The tasks share a few of these rather than have one
// each: most are never waited for one by one.
struct parking_place {
  std::mutex mutex;
  std::condition_variable changed;
};

parking_place& parking_place_of(const void* task) {
  static std::array<parking_place, 16> places;
  return places[(reinterpret_cast<std::uintptr_t>(task) >> 8) % places.size()];
}

} // namespace

void map_counters::completed(bool failed) noexcept {
  if (failed)
    failed_.fetch_add(1, std::memory_order_relaxed);
  try {
    if (told_) {
      auto progress = snapshot();
      ++progress.completed; // this one, which is counted last: then this may be gone
      told_(progress);
    }
  } catch (...) {
    // What a progress callback throws is nobody's result.
  }
  // Exactly one of the last task and the results sees both.
  if (completed_.fetch_add(1, std::memory_order_acq_rel) + 1 ==
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

void task_state::resolve(outcome&& result) noexcept {
  outcome_ = std::move(result);
  if (auto* of_map = std::exchange(counters, nullptr))
    of_map->completed(outcome_.what != outcome::kind::value);
  switch (status_.exchange(status::done, std::memory_order_acq_rel)) {
  case status::waited_for: {
    auto& place = parking_place_of(this);
    // The lock orders this after the waiter's last look at the status.
    { const std::lock_guard lock(place.mutex); }
    place.changed.notify_all();
    break;
  }
  case status::watched:
    std::exchange(watcher_, nullptr)->resolved(*this);
    break;
  case status::pending:
  case status::done:
    break;
  }
}

bool task_state::announce_waiter() noexcept {
  auto expected = status::pending;
  status_.compare_exchange_strong(expected, status::waited_for, std::memory_order_acq_rel);
  return expected != status::done;
}

void task_state::wait() {
  if (done() || !announce_waiter())
    return;
  auto& place = parking_place_of(this);
  std::unique_lock lock(place.mutex);
  place.changed.wait(lock, [this] { return done(); });
}

bool task_state::wait_until(std::chrono::steady_clock::time_point deadline) {
  if (done() || !announce_waiter())
    return true;
  auto& place = parking_place_of(this);
  std::unique_lock lock(place.mutex);
  return place.changed.wait_until(lock, deadline, [this] { return done(); });
}

void task_state::watch(std::shared_ptr<task_watcher> watcher) {
  watcher_ = std::move(watcher);
  auto expected = status_.load(std::memory_order_acquire);
  // A waiter that gave up (wait_until) may have left its mark.
  while (expected != status::done)
    if (status_.compare_exchange_weak(expected, status::watched, std::memory_order_acq_rel))
      return;
  std::exchange(watcher_, nullptr)->resolved(*this);
}

std::exception_ptr task_state::error() const {
  switch (outcome_.what) {
  case outcome::kind::value:
    return nullptr;
  case outcome::kind::threw:
    return decode_exception(view(outcome_.payload));
  case outcome::kind::failed:
    break;
  }
  return outcome_.error;
}

} // namespace troupe::detail
