#include "core/dispatcher.hpp"

#include "core/contract.hpp"
#include "core/limits.hpp"

#include <algorithm>

namespace troupe::core {

namespace {

// How many tasks of that average keep `lanes` lanes busy for the prefetch time.
std::size_t prefetch(const running_average& average, std::size_t lanes) noexcept {
  if (!average.known())
    return 1;
  const auto each = std::max<std::int64_t>(average.value().count(), 1);
  const auto time = std::chrono::nanoseconds(limits::prefetch_time).count();
  const auto tasks = (static_cast<std::int64_t>(lanes) * time + each - 1) / each;
  return std::clamp<std::size_t>(static_cast<std::size_t>(tasks), 1, limits::max_prefetch);
}

} // namespace

void running_average::add(std::chrono::nanoseconds sample) noexcept {
  value_ = known_ ? value_ + (sample - value_) / 8 : sample;
  known_ = true;
}

dispatcher::dispatcher(std::size_t queues, std::size_t concurrency)
  : concurrency_(concurrency)
  , queues_(queues)
  , concurrent_window_(concurrency + 1) {}

void dispatcher::add_child(
  std::uint32_t seat, queue_id queue, std::size_t budget, clock::time_point now) {
  if (seat >= children_.size())
    children_.resize(seat + 1);
  TROUPE_ASSERT(!children_[seat].present);
  children_[seat] = {true, queue, 0, 0, budget, now};
  queues_[queue].seats.push_back(seat);
}

void dispatcher::remove_child(std::uint32_t seat) {
  if (seat >= children_.size() || !children_[seat].present)
    return;
  std::erase(queues_[children_[seat].queue].seats, seat);
  children_[seat] = {};
}

std::size_t dispatcher::owed_by(std::uint32_t seat) const {
  return seat < children_.size() ? children_[seat].owed() : 0;
}

std::size_t dispatcher::budget_of(std::uint32_t seat) const {
  return seat < children_.size() ? children_[seat].budget : 0;
}

void dispatcher::enqueue(task_key task, kind task_kind, queue_id queue) {
  queues_[queue].waiting.push_back({task, task_kind});
  ++waiting_;
}

void dispatcher::enqueue_front(task_key task, kind task_kind, queue_id queue) {
  queues_[queue].waiting.push_front({task, task_kind});
  ++waiting_;
}

bool dispatcher::has_credit(const child_state& child, kind task_kind) const noexcept {
  if (child.budget == 0 || child.stuck)
    return false;
  // A task of either kind takes one of the `concurrency` places while it runs, so a plain function
  // behind a full house waits as a coroutine would.
  if (task_kind == kind::plain)
    return child.plain < plain_window_ &&
           child.owed() < std::max(plain_window_, concurrent_window_);
  return child.owed() < concurrent_window_;
}

std::optional<std::uint32_t> dispatcher::best_child(
  const queue_state& queue, kind task_kind) const noexcept {
  std::optional<std::uint32_t> best;
  std::size_t least = unlimited;
  for (const auto seat : queue.seats) {
    const auto& child = children_[seat];
    if (child.owed() < least && has_credit(child, task_kind)) {
      best = seat;
      least = child.owed();
    }
  }
  return best;
}

void dispatcher::charge(child_state& child, kind task_kind) noexcept {
  ++(task_kind == kind::plain ? child.plain : child.concurrent);
  if (child.budget != unlimited)
    --child.budget;
}

void dispatcher::ended(
  std::uint32_t seat, kind task_kind, std::chrono::nanoseconds elapsed, clock::time_point now) {
  auto& child = children_[seat];
  auto& owed = task_kind == kind::plain ? child.plain : child.concurrent;
  TROUPE_ASSERT(child.present && owed > 0);
  --owed;
  child.last_progress = now;
  child.stuck = false;
  (task_kind == kind::plain ? plain_time_ : concurrent_time_).add(elapsed);
  update_windows();
}

void dispatcher::update_windows() noexcept {
  plain_window_ = 1 + prefetch(plain_time_, 1);
  concurrent_window_ = concurrency_ + prefetch(concurrent_time_, concurrency_);
}

void dispatcher::taken_back(std::uint32_t seat, kind task_kind) {
  auto& child = children_[seat];
  auto& owed = task_kind == kind::plain ? child.plain : child.concurrent;
  TROUPE_ASSERT(child.present && owed > 0);
  --owed;
  // Where the budget was used up the child is on its way out, and its successor on the way in.
  if (child.budget != unlimited && child.budget > 0)
    ++child.budget;
  if (child.owed() == 0)
    child.stuck = false;
}

std::size_t dispatcher::surplus(const child_state& child) const noexcept {
  // What could be taken from a stuck child has been; what is left there may have been started.
  if (child.stuck)
    return 0;
  // A plain function on the CPU holds everything behind it.
  if (child.plain > 0)
    return child.owed() - 1;
  return child.concurrent > concurrency_ ? child.concurrent - concurrency_ : 0;
}

bool dispatcher::has_idle_child(const queue_state& queue) const noexcept {
  return std::any_of(queue.seats.begin(), queue.seats.end(),
    [this](auto seat) { return children_[seat].owed() == 0 && children_[seat].budget > 0; });
}

bool dispatcher::unbalanced() const {
  return std::any_of(queues_.begin(), queues_.end(), [this](const queue_state& queue) {
    return queue.waiting.empty() && has_idle_child(queue) &&
           std::any_of(queue.seats.begin(), queue.seats.end(),
             [this](auto seat) { return surplus(children_[seat]) > 0; });
  });
}

std::optional<dispatcher::take_back> dispatcher::next_take_back(clock::time_point now) {
  for (const auto& queue : queues_) {
    if (!queue.waiting.empty() || !has_idle_child(queue))
      continue;
    for (const auto seat : queue.seats) {
      auto& child = children_[seat];
      const auto at_most = surplus(child);
      if (at_most > 0 && now - child.last_progress >= limits::take_back_after) {
        child.stuck = true; // or it would be given the same tasks again
        return take_back{seat, at_most};
      }
    }
  }
  return std::nullopt;
}

} // namespace troupe::core
