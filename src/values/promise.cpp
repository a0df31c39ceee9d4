#include <troupe/detail/batch.hpp>
#include <troupe/detail/promise.hpp>

#include "values/exception_codec.hpp"

#include <array>
#include <condition_variable>
#include <mutex>

namespace troupe::detail {

promise_watcher::~promise_watcher() = default;

promise::~promise() = default;

namespace {

// A thread that waits for a promise sleeps here. The promises share a few of these rather than have one
// each: most are never waited for one by one.
struct parking_place {
  std::mutex mutex;
  std::condition_variable changed;
};

constexpr std::size_t parking_places = 16;

parking_place& parking_place_at(std::size_t index) {
  // Never destroyed: a runtime that is a global object may end after whatever is destroyed here.
  static auto* const places = new std::array<parking_place, parking_places>;
  return (*places)[index];
}

std::size_t index_for(const void* waited_for) noexcept {
  return (reinterpret_cast<std::uintptr_t>(waited_for) >> 8) % parking_places;
}

void wake_all_at(std::size_t index) {
  auto& place = parking_place_at(index);
  // The lock orders this after the waiter's last look at the status.
  { const std::lock_guard lock(place.mutex); }
  place.changed.notify_all();
}

thread_local held_wake_ups* holding = nullptr;

} // namespace

held_wake_ups::held_wake_ups() noexcept
  : is_outer_(holding == nullptr) {
  if (is_outer_)
    holding = this;
}

held_wake_ups::~held_wake_ups() {
  if (!is_outer_)
    return;
  holding = nullptr;
  for (std::size_t index = 0; places_ != 0; ++index, places_ >>= 1)
    if ((places_ & 1) != 0)
      wake_all_at(index);
}

void promise::resolve(outcome&& result) noexcept {
  outcome_ = std::move(result);
  on_resolve(outcome_);
  const auto before = status_.exchange(status::done);
  const auto place = index_for(this); // the watcher may let go of this
  if (before == status::watched)
    std::exchange(watcher_, nullptr)->resolved(*this);
  // A thread may wait beside a watcher, which hides its mark.
  if (before != status::watched && before != status::waited_for)
    return;
  if (holding != nullptr)
    holding->places_ |= std::uint32_t{1} << place;
  else
    wake_all_at(place);
}

bool promise::announce_waiter() noexcept {
  auto expected = status::pending;
  status_.compare_exchange(expected, status::waited_for);
  return expected != status::done;
}

void promise::wait() {
  if (done() || !announce_waiter())
    return;
  auto& place = parking_place_at(index_for(this));
  std::unique_lock lock(place.mutex);
  place.changed.wait(lock, [this] { return done(); });
}

bool promise::wait_until(std::chrono::steady_clock::time_point deadline) {
  if (done() || !announce_waiter())
    return true;
  auto& place = parking_place_at(index_for(this));
  std::unique_lock lock(place.mutex);
  return place.changed.wait_until(lock, deadline, [this] { return done(); });
}

void promise::watch(std::shared_ptr<promise_watcher> watcher) {
  if (done()) { // whoever resolves it may still be busy with an earlier watcher
    watcher->resolved(*this);
    return;
  }
  watcher_ = std::move(watcher);
  auto expected = status_.load();
  // A waiter that gave up (wait_until) may have left its mark.
  while (expected != status::done)
    if (status_.compare_exchange(expected, status::watched))
      return;
  std::exchange(watcher_, nullptr)->resolved(*this);
}

bool promise::unwatch() noexcept {
  auto expected = status::watched;
  // A thread may have begun to wait meanwhile.
  if (!status_.compare_exchange(expected, status::waited_for))
    return false;
  watcher_.reset();
  return true;
}

std::exception_ptr promise::error() const {
  return item_outcome::of(outcome_).failure();
}

std::exception_ptr item_outcome::failure() const {
  switch (what) {
  case outcome::kind::value:
    return nullptr;
  case outcome::kind::threw:
    return decode_exception(payload);
  case outcome::kind::failed:
    break;
  }
  return *error;
}

} // namespace troupe::detail
