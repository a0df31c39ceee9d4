#include "policy/dispatcher.hpp"

#include "base/contract.hpp"
#include "base/limits.hpp"

#include <algorithm>

namespace troupe::policy {

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

dispatcher::dispatcher(std::size_t queues, std::size_t concurrency)
  : concurrency_(concurrency)
  , queues_(queues)
  , concurrent_window_(concurrency + 1) {}

void dispatcher::add_child(
  std::uint32_t seat, queue_id queue, std::size_t budget, clock::time_point now) {
  if (seat >= children_.size())
    children_.resize(seat + 1);
  TROUPE_ASSERT(!children_[seat].present);
  children_[seat] = {true, queue, 0, 0, budget, now, 0, false, false, {}};
  queues_[queue].seats.push_back(seat);
}

void dispatcher::stop_child(std::uint32_t seat) {
  if (seat < children_.size())
    children_[seat].budget = 0;
}

void dispatcher::remove_child(std::uint32_t seat) {
  if (seat >= children_.size() || !children_[seat].present)
    return;
  std::erase(queues_[children_[seat].queue].seats, seat);
  children_[seat] = {};
}

void dispatcher::set_hosted(std::uint32_t seat, std::size_t actors) {
  if (seat < children_.size() && children_[seat].present)
    children_[seat].hosted = actors;
}

std::size_t dispatcher::owed_by(std::uint32_t seat) const {
  return seat < children_.size() ? children_[seat].owed() + children_[seat].lent.count() : 0;
}

std::size_t dispatcher::budget_of(std::uint32_t seat) const {
  return seat < children_.size() ? children_[seat].budget : 0;
}

// -- waiting --------------------------------------------------------------------------------------------

namespace {

// Of tasks with the same order the older one is first.
bool later(const dispatcher::waiting_task& a, const dispatcher::waiting_task& b) noexcept {
  return a.order != b.order ? a.order > b.order : a.task.id > b.task.id;
}

} // namespace

void dispatcher::enqueue(const waiting_task& task, queue_id queue) {
  auto& q = queues_[queue];
  some_may_move_ = some_may_move_ || task.may_move;
  // Almost all tasks come in their order already.
  if (q.in_order.empty() || !later(q.in_order.back(), task)) {
    q.in_order.push_back(task);
  } else {
    q.by_order.push_back(task);
    std::push_heap(q.by_order.begin(), q.by_order.end(), later);
  }
  ++waiting_;
}

void dispatcher::enqueue_front(task_key task, kind task_kind, queue_id queue, bool may_move) {
  queues_[queue].returned.push_front({task, task_kind, 0, may_move});
  ++waiting_;
}

void dispatcher::enqueue_alone(task_key task, kind task_kind, queue_id queue) {
  queues_[queue].alone.push_back({task, task_kind, 0, false});
  ++waiting_;
}

void dispatcher::enqueue_nested(
  task_key task, kind task_kind, std::uint32_t nesting, queue_id queue) {
  queues_[queue].nested.push({task, task_kind, 0, false}, nesting);
  ++waiting_;
}

const dispatcher::waiting_task* dispatcher::head(const queue_state& queue) const noexcept {
  if (!queue.returned.empty())
    return &queue.returned.front();
  if (queue.by_order.empty())
    return queue.in_order.empty() ? nullptr : &queue.in_order.front();
  if (queue.in_order.empty() || later(queue.in_order.front(), queue.by_order.front()))
    return &queue.by_order.front();
  return &queue.in_order.front();
}

void dispatcher::pop_head(queue_state& queue) {
  const auto* first = head(queue);
  if (!queue.returned.empty()) {
    queue.returned.pop_front();
  } else if (!queue.by_order.empty() && first == &queue.by_order.front()) {
    std::pop_heap(queue.by_order.begin(), queue.by_order.end(), later);
    queue.by_order.pop_back();
  } else {
    queue.in_order.pop_front();
  }
}

// -- assignment -----------------------------------------------------------------------------------------

// A task that runs alone waits for a child that has nothing else. If all are busy, one is kept free of
// anything new, so that it becomes idle.
std::optional<dispatcher::assignment> dispatcher::assign_alone(queue_state& queue) {
  if (queue.alone.empty())
    return std::nullopt;
  const auto chosen = idle_child(queue);
  if (!chosen) {
    const bool reserved = std::any_of(queue.seats.begin(), queue.seats.end(),
      [this](auto seat) { return children_[seat].reserved; });
    const auto least = best_child(queue, queue.alone.front().task_kind);
    if (least && !reserved)
      children_[*least].reserved = true;
    return std::nullopt;
  }
  const auto task = queue.alone.front();
  queue.alone.pop_front();
  children_[*chosen].reserved = true;
  charge(children_[*chosen], task.task_kind);
  return assignment{task.task, task.task_kind, *chosen};
}

std::optional<dispatcher::assignment> dispatcher::assign_next(queue_state& queue) {
  const auto* next = head(queue);
  if (next == nullptr)
    return std::nullopt;
  auto seat = best_child(queue, next->task_kind);
  // A queue whose own children are still starting waits for them.
  const bool may_move = next->may_move && !queue.seats.empty();
  for (auto other = queues_.begin(); may_move && !seat && other != queues_.end(); ++other)
    if (other->empty())
      seat = idle_child(*other);
  if (!seat)
    return std::nullopt;
  const auto task = *next;
  pop_head(queue);
  charge(children_[*seat], task.task_kind);
  return assignment{task.task, task.task_kind, *seat};
}

bool dispatcher::has_credit(
  const child_state& child, kind task_kind, std::uint32_t nesting) const noexcept {
  if (child.budget == 0 || child.stuck || (child.reserved && nesting == 0) ||
      nesting < child.lent.floor(task_kind))
    return false;
  // A task of either kind takes one of the `concurrency` places while it runs, so a plain function
  // behind a full house waits as a coroutine would.
  if (task_kind == kind::plain)
    return child.plain < plain_window_ &&
           child.owed() < std::max(plain_window_, concurrent_window_);
  return child.owed() < concurrent_window_;
}

std::optional<std::uint32_t> dispatcher::best_child(
  const queue_state& queue, kind task_kind, std::uint32_t nesting) const noexcept {
  std::optional<std::uint32_t> best;
  std::pair<std::size_t, std::size_t> least{unlimited, unlimited};
  for (const auto seat : queue.seats) {
    const auto& child = children_[seat];
    const std::pair load{child.owed(), child.hosted};
    if (load < least && has_credit(child, task_kind, nesting)) {
      best = seat;
      least = load;
    }
  }
  return best;
}

bool dispatcher::is_idle(const child_state& child) const noexcept {
  return child.owed() == 0 && child.lent.count() == 0 && child.budget > 0 && !child.reserved;
}

std::optional<std::uint32_t> dispatcher::idle_child(const queue_state& queue) const noexcept {
  const auto found = std::find_if(
    queue.seats.begin(), queue.seats.end(), [this](auto seat) { return is_idle(children_[seat]); });
  return found == queue.seats.end() ? std::nullopt : std::optional(*found);
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
  if (child.owed() == 0)
    child.reserved = false;
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
    child.stuck = child.reserved = false;
}

// -- lending --------------------------------------------------------------------------------------------

void dispatcher::lend(std::uint32_t seat, task_id task, kind task_kind, std::uint32_t nesting,
  std::uint64_t start, clock::time_point now) {
  auto& child = children_[seat];
  auto& owed = task_kind == kind::plain ? child.plain : child.concurrent;
  TROUPE_ASSERT(child.present && owed > 0);
  --owed;
  child.lent.lend(task, task_kind, nesting, start);
  child.last_progress = now;
  child.stuck = false;
}

void dispatcher::reclaim(std::uint32_t seat, task_id task, kind task_kind, clock::time_point now) {
  auto& child = children_[seat];
  const bool was_lent = child.lent.reclaim(task);
  TROUPE_ASSERT(child.present && was_lent);
  ++(task_kind == kind::plain ? child.plain : child.concurrent);
  child.last_progress = now;
}

// -- take-back ------------------------------------------------------------------------------------------

std::size_t dispatcher::surplus(const child_state& child) const noexcept {
  // What could be taken from a stuck child has been; what is left there may have been started.
  if (child.stuck)
    return 0;
  // A plain function on the CPU holds everything behind it.
  if (child.plain > 0)
    return child.owed() - 1;
  return child.concurrent > concurrency_ ? child.concurrent - concurrency_ : 0;
}

bool dispatcher::idle_for_others() const noexcept {
  return some_may_move_ &&
         std::any_of(queues_.begin(), queues_.end(),
           [this](const queue_state& queue) { return queue.empty() && idle_child(queue); });
}

std::size_t dispatcher::free_places(const queue_state& queue, bool idle_elsewhere) const noexcept {
  if (!queue.empty())
    return 0;
  if (idle_elsewhere || idle_child(queue))
    return unlimited;
  std::size_t places = 0;
  for (const auto seat : queue.seats) {
    const auto& child = children_[seat];
    if (child.plain == 0 && child.owed() < concurrency_ && has_credit(child, kind::coroutine, 0))
      places += concurrency_ - child.owed();
  }
  return places;
}

bool dispatcher::unbalanced() const {
  const bool idle_elsewhere = idle_for_others();
  return std::any_of(queues_.begin(), queues_.end(), [&](const queue_state& queue) {
    return free_places(queue, idle_elsewhere) > 0 &&
           std::any_of(queue.seats.begin(), queue.seats.end(),
             [this](auto seat) { return surplus(children_[seat]) > 0; });
  });
}

std::optional<dispatcher::take_back> dispatcher::next_take_back(clock::time_point now) {
  const bool idle_elsewhere = idle_for_others();
  for (const auto& queue : queues_) {
    const auto places = free_places(queue, idle_elsewhere);
    if (places == 0)
      continue;
    for (const auto seat : queue.seats) {
      auto& child = children_[seat];
      const auto at_most = std::min(surplus(child), places);
      if (at_most > 0 && now - child.last_progress >= limits::take_back_after) {
        child.stuck = true; // or it would be given the same tasks again
        return take_back{seat, at_most};
      }
    }
  }
  return std::nullopt;
}

std::chrono::nanoseconds dispatcher::average_time() const noexcept {
  if (plain_time_.known() && concurrent_time_.known())
    return (plain_time_.value() + concurrent_time_.value()) / 2;
  return plain_time_.known() ? plain_time_.value() : concurrent_time_.value();
}

} // namespace troupe::policy
