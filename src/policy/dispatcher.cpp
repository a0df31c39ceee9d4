#include "policy/dispatcher.hpp"

#include "base/contract.hpp"
#include "base/limits.hpp"

#include <algorithm>
#include <utility>

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

dispatcher::dispatcher(std::size_t queues, std::size_t concurrency, std::size_t cpus)
  : concurrency_(concurrency)
  , cpus_(cpus)
  , queues_(queues)
  , is_awake_(queues)
  , is_mover_(queues)
  , idle_queues_(queues)
  , unbalanced_(queues)
  , unbalanced_if_idle_(queues)
  , held_queues_(queues)
  , concurrent_window_(concurrency + 1) {
  uncounted_queues_.reserve(queues);
}

void dispatcher::add_child(
  std::uint32_t seat, queue_id queue, std::size_t budget, clock::time_point now) {
  if (seat >= children_.size())
    children_.resize(seat + 1);
  // What follows from changes does not allocate.
  stuck_children_.grow(children_.size());
  unplaced_children_.reserve(children_.size());
  uncounted_children_.reserve(children_.size());
  queues_[queue].seats.reserve(children_.size());
  queues_[queue].by_owed.grow(children_.size());
  queues_[queue].by_plain.grow(children_.size());
  queues_[queue].crew.grow(children_.size());
  TROUPE_ASSERT(!children_[seat].present);
  auto& child = children_[seat] = {};
  child.present = true;
  child.queue = queue;
  child.budget = budget;
  child.last_progress = now;
  queues_[queue].seats.push_back(seat);
  ++present_;
  update_windows();
  changed(seat);
  wake(queue);
}

void dispatcher::stop_child(std::uint32_t seat) {
  if (seat >= children_.size() || !children_[seat].present)
    return;
  children_[seat].budget = 0;
  changed(seat);
}

void dispatcher::remove_child(std::uint32_t seat) {
  if (seat >= children_.size() || !children_[seat].present)
    return;
  auto& child = children_[seat];
  const auto id = child.queue;
  auto& queue = queues_[id];
  place_again(); // the child is in no list after this
  count_again();
  queue.by_owed.erase(seat);
  queue.by_plain.erase(seat);
  queue.crew.erase(seat);
  crew_ -= child.in_crew ? 1 : 0;
  --present_;
  update_windows();
  std::erase(queue.seats, seat);
  stuck_children_.put(seat, false);
  count(queue, child.marks, static_cast<std::size_t>(-1));
  child = {};
  depth_changed(id);
  wake(id); // a task that runs alone may have waited for this child
}

void dispatcher::set_hosted(std::uint32_t seat, std::size_t actors) {
  if (seat >= children_.size() || !children_[seat].present)
    return;
  children_[seat].hosted = actors;
  changed(seat);
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
  depth_changed(queue);
  wake(queue);
}

void dispatcher::enqueue_front(task_key task, kind task_kind, queue_id queue, bool may_move) {
  queues_[queue].returned.push_front({task, task_kind, 0, may_move});
  some_may_move_ = some_may_move_ || may_move;
  depth_changed(queue);
  wake(queue);
}

void dispatcher::enqueue_alone(task_key task, kind task_kind, queue_id queue) {
  queues_[queue].alone.push_back({task, task_kind, 0, false});
  depth_changed(queue);
  wake(queue);
}

void dispatcher::enqueue_nested(
  task_key task, kind task_kind, std::uint32_t nesting, queue_id queue) {
  queues_[queue].nested.push({task, task_kind, 0, false}, nesting);
  depth_changed(queue);
  wake(queue);
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
  count_again();
  const auto chosen = idle_child(queue);
  if (!chosen) {
    const auto least = best_child(queue, queue.alone.front().task_kind);
    if (least && queue.reserved == 0) {
      children_[*least].reserved = true;
      changed(*least);
    }
    return std::nullopt;
  }
  const auto task = queue.alone.front();
  queue.alone.pop_front();
  children_[*chosen].reserved = true;
  charge(*chosen, task.task_kind);
  return assignment{task.task, task.task_kind, *chosen};
}

dispatcher::assignment dispatcher::give_next(queue_state& queue, std::uint32_t seat) {
  const auto task = *head(queue);
  pop_head(queue);
  charge(seat, task.task_kind);
  return {task.task, task.task_kind, seat};
}

std::optional<dispatcher::assignment> dispatcher::assign_next(queue_state& queue) {
  const auto* next = head(queue);
  if (next == nullptr)
    return std::nullopt;
  if (const auto seat = best_child(queue, next->task_kind))
    return give_next(queue, *seat);
  return assign_elsewhere(queue);
}

std::optional<dispatcher::assignment> dispatcher::assign_elsewhere(queue_state& queue) {
  const auto* next = head(queue);
  // A queue whose own children are still starting waits for them.
  if (next == nullptr || !next->may_move || queue.seats.empty())
    return std::nullopt;
  if (next->task_kind == kind::plain && is_held(queue))
    return std::nullopt;
  count_again();
  if (idle_queues_.empty())
    return std::nullopt;
  return give_next(queue, *idle_child(queues_[idle_queues_.any()]));
}

bool dispatcher::has_credit(
  const child_state& child, kind task_kind, std::uint32_t nesting) const noexcept {
  if (child.budget == 0 || child.stuck || (child.reserved && nesting == 0) ||
      nesting < child.lent.floor(task_kind))
    return false;
  if (task_kind != kind::plain)
    return child.owed() < concurrent_window_;
  // A task of either kind takes one of the `concurrency` places while it runs, so a plain function
  // behind a full house waits as a coroutine would.
  return child.plain < plain_window_ && child.owed() < std::max(plain_window_, concurrent_window_);
}

bool dispatcher::crew_gets_all() const noexcept {
  return crew_ >= cpus_ && present_ > cpus_ && short_time_.known() &&
         short_time_.value() < limits::wake_up_time;
}

bool dispatcher::is_held(const queue_state& queue) {
  place_again();
  if (!waits_for_crew(queue))
    return false;
  held_queues_.put(children_[*queue.crew.top()].queue, true);
  return true;
}

// Short functions go to the crew. Else the child that owes least is nearly always the one; where it has enough plain
// functions, one that owes more, but has fewer of these, may take another.
std::optional<std::uint32_t> dispatcher::best_child(
  const queue_state& queue, kind task_kind, std::uint32_t nesting) {
  if (queue.seats.size() == 1) { // nothing to compare
    const auto only = queue.seats.front();
    return has_credit(children_[only], task_kind, nesting) ? std::optional(only) : std::nullopt;
  }
  if (nesting > 0)
    count_again();
  if (nesting > 0 && queue.reserved + queue.with_floor > 0)
    return search(queue, task_kind, nesting);
  place_again();
  if (task_kind == kind::plain && nesting == 0 && waits_for_crew(queue)) {
    const auto member = queue.crew.top();
    if (has_credit(children_[*member], kind::plain, 0))
      return member;
    is_held(queue);
    return std::nullopt;
  }
  const auto least = queue.by_owed.top();
  if (!least || has_credit(children_[*least], task_kind, nesting))
    return least;
  count_again();
  if (queue.with_floor > 0)
    return search(queue, task_kind, nesting);
  if (task_kind != kind::plain)
    return std::nullopt;
  const auto fewest = queue.by_plain.top();
  return has_credit(children_[*fewest], task_kind, nesting) ? fewest : std::nullopt;
}

// Where tasks have lent their places, what a child takes depends on the task: all must be looked at.
std::optional<std::uint32_t> dispatcher::search(
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

std::optional<std::uint32_t> dispatcher::idle_child(const queue_state& queue) {
  if (queue.idle == 0)
    return std::nullopt;
  place_again();
  if (const auto least = queue.by_owed.top(); least && is_idle(children_[*least]))
    return least;
  const auto found = std::find_if(
    queue.seats.begin(), queue.seats.end(), [this](auto seat) { return is_idle(children_[seat]); });
  return found == queue.seats.end() ? std::nullopt : std::optional(*found);
}

void dispatcher::note_progress(std::uint32_t seat, clock::time_point now) {
  set_stuck(seat, false);
  seen_ = now;
  children_[seat].last_progress = now;
  children_[seat].rest = {};
}

void dispatcher::set_stuck(std::uint32_t seat, bool stuck) {
  if (std::exchange(children_[seat].stuck, stuck) != stuck)
    stuck_children_.put(seat, stuck);
}

void dispatcher::charge(std::uint32_t seat, kind task_kind) {
  auto& child = children_[seat];
  if (surplus(child) == 0) // nothing waits in it, so its patience begins anew
    child.last_progress = std::max(child.last_progress, seen_);
  ++(task_kind == kind::plain ? child.plain : child.concurrent);
  if (child.budget != unlimited)
    --child.budget;
  changed(seat);
}

bool dispatcher::give(std::uint32_t seat, kind task_kind) {
  if (!children_[seat].present || !has_credit(children_[seat], task_kind, 0))
    return false;
  charge(seat, task_kind);
  return true;
}

void dispatcher::ended(std::uint32_t seat, kind task_kind, std::chrono::nanoseconds elapsed,
  clock::time_point now, std::size_t items) {
  auto& child = children_[seat];
  auto& owed = task_kind == kind::plain ? child.plain : child.concurrent;
  TROUPE_ASSERT(child.present && owed > 0);
  --owed;
  note_progress(seat, now);
  if (child.owed() == 0)
    child.reserved = false;
  (task_kind == kind::plain ? plain_time_ : concurrent_time_).add(elapsed);
  if (task_kind == kind::plain)
    short_time_.add(elapsed / items);
  update_windows();
  changed(seat);
  wake(child.queue);
}

void dispatcher::update_windows() noexcept {
  plain_window_ = 1 + prefetch(plain_time_, 1);
  concurrent_window_ = concurrency_ + prefetch(concurrent_time_, concurrency_);
}

void dispatcher::taken_back(std::uint32_t seat, kind task_kind) {
  auto& child = children_[seat];
  // Where the budget was used up the child is on its way out, and its successor on the way in.
  if (child.budget != unlimited && child.budget > 0)
    ++child.budget;
  uncharge(seat, task_kind);
}

void dispatcher::not_sent(std::uint32_t seat, kind task_kind) {
  auto& child = children_[seat];
  if (child.budget != unlimited)
    ++child.budget;
  uncharge(seat, task_kind);
}

void dispatcher::uncharge(std::uint32_t seat, kind task_kind) {
  auto& child = children_[seat];
  auto& owed = task_kind == kind::plain ? child.plain : child.concurrent;
  TROUPE_ASSERT(child.present && owed > 0);
  --owed;
  if (child.owed() == 0) {
    set_stuck(seat, false);
    child.reserved = false;
  }
  changed(seat);
  wake(child.queue);
}

// -- lending --------------------------------------------------------------------------------------------

void dispatcher::lend(std::uint32_t seat, task_id task, kind task_kind, std::uint32_t nesting,
  std::uint64_t start, clock::time_point now) {
  auto& child = children_[seat];
  auto& owed = task_kind == kind::plain ? child.plain : child.concurrent;
  TROUPE_ASSERT(child.present && owed > 0);
  child.lent.lend(task, task_kind, nesting, start);
  --owed;
  note_progress(seat, now);
  changed(seat);
  wake(child.queue);
}

void dispatcher::reclaim(std::uint32_t seat, task_id task, kind task_kind, clock::time_point now) {
  auto& child = children_[seat];
  const bool was_lent = child.lent.reclaim(task);
  TROUPE_ASSERT(child.present && was_lent);
  ++(task_kind == kind::plain ? child.plain : child.concurrent);
  ++child.expected; // it is not one that was asked for and not given back
  child.last_progress = now;
  changed(seat);
  wake(child.queue); // nothing may have been startable beneath it
}

// -- take-back ------------------------------------------------------------------------------------------

std::size_t dispatcher::surplus(const child_state& child) const noexcept {
  // If not all could be taken from a stuck child, what is left there has been started.
  if (child.stuck && child.owed() > child.expected)
    return 0;
  // A plain function on the CPU holds everything behind it.
  if (child.plain > 0)
    return child.owed() - 1;
  return child.concurrent > concurrency_ ? child.concurrent - concurrency_ : 0;
}

std::size_t dispatcher::free_places(const queue_state& queue, bool idle_elsewhere) const noexcept {
  if (!queue.empty() && !waits_for_crew(queue))
    return 0;
  if (idle_elsewhere || queue.idle > 0)
    return unlimited;
  std::size_t places = 0;
  if (queue.open == 0)
    return places;
  for (const auto seat : queue.seats) {
    const auto& child = children_[seat];
    if (child.marks.open)
      places += concurrency_ - child.owed();
  }
  return places;
}

// One that waits for a CPU finishes nothing either, and another one would wait for the same CPU.
std::chrono::microseconds dispatcher::patience() const noexcept {
  return crew_gets_all() ? limits::crowded_take_back_after : limits::take_back_after;
}

std::optional<dispatcher::take_back> dispatcher::next_take_back(clock::time_point now) {
  seen_ = now;
  place_again();
  count_again();
  const bool idle_elsewhere = idle_for_others();
  const auto& candidates = idle_elsewhere ? unbalanced_if_idle_ : unbalanced_;
  for (const auto id : candidates.members())
    if (const auto found = take_back_in(queues_[id], idle_elsewhere, now))
      return found;
  return std::nullopt;
}

std::optional<dispatcher::take_back> dispatcher::take_back_in(
  const queue_state& queue, bool idle_elsewhere, clock::time_point now) {
  const auto places = free_places(queue, idle_elsewhere);
  for (const auto seat : queue.seats) {
    auto& child = children_[seat];
    const auto at_most = std::min(surplus(child), places);
    if (at_most == 0 || now - child.last_progress < patience())
      continue;
    set_stuck(seat, true); // or it would be given the same tasks again
    child.rest = std::clamp(2 * child.rest, limits::first_rest, limits::longest_rest);
    child.rests_until = now + child.rest;
    child.expected = child.owed() - at_most;
    changed(seat);
    return take_back{seat, at_most};
  }
  return std::nullopt;
}

bool dispatcher::may_end_rest(const child_state& child) const noexcept {
  return child.plain == 0 && child.concurrent < concurrency_;
}

std::optional<dispatcher::clock::time_point> dispatcher::next_end_of_rest() const noexcept {
  std::optional<clock::time_point> next;
  for (const auto seat : stuck_children_.members())
    if (const auto& child = children_[seat];
        may_end_rest(child) && (!next || child.rests_until < *next))
      next = child.rests_until;
  return next;
}

void dispatcher::end_rests(clock::time_point now) {
  const auto resting = stuck_children_.members(); // a copy: some leave
  for (const auto index : resting) {
    const auto seat = static_cast<std::uint32_t>(index);
    auto& child = children_[seat];
    if (!may_end_rest(child) || child.rests_until > now)
      continue;
    set_stuck(seat, false);
    child.last_progress = now; // it has some time to start what it gets
    changed(seat);
    wake(child.queue);
  }
}

// -- what must be told of each change -------------------------------------------------------------------

dispatcher::child_marks dispatcher::marks_of(const child_state& child) const noexcept {
  child_marks marks;
  marks.idle = is_idle(child);
  marks.open =
    child.plain == 0 && child.owed() < concurrency_ && has_credit(child, kind::coroutine, 0);
  marks.surplus = surplus(child) > 0;
  marks.reserved = child.reserved;
  marks.with_floor = child.lent.count() > 0;
  return marks;
}

void dispatcher::count(queue_state& queue, const child_marks& marks, std::size_t by) noexcept {
  queue.idle += marks.idle ? by : 0;
  queue.open += marks.open ? by : 0;
  queue.surplus += marks.surplus ? by : 0;
  queue.reserved += marks.reserved ? by : 0;
  queue.with_floor += marks.with_floor ? by : 0;
}

void dispatcher::changed(std::uint32_t seat) {
  auto& child = children_[seat];
  if (std::exchange(child.placed, false))
    unplaced_children_.push_back(seat);
  if (std::exchange(child.counted, false))
    uncounted_children_.push_back(seat);
}

void dispatcher::place_again() {
  for (const auto seat : unplaced_children_) {
    auto& child = children_[seat];
    auto& queue = queues_[child.queue];
    const auto owed = static_cast<std::uint32_t>(child.owed());
    const auto hosted = static_cast<std::uint32_t>(child.hosted);
    const bool takes_tasks = child.budget > 0 && !child.stuck && !child.reserved;
    if (takes_tasks) {
      queue.by_owed.set(seat, {owed, hosted});
      queue.by_plain.set(seat, {static_cast<std::uint32_t>(child.plain), owed});
    } else {
      queue.by_owed.erase(seat);
      queue.by_plain.erase(seat);
    }
    // Whoever runs a plain function joins the crew while it has room, if it takes others of any kind.
    const bool joins = takes_tasks && child.plain > 0 && child.lent.floor(kind::plain) == 0 &&
                       (child.in_crew || crew_ < cpus_);
    crew_ += joins ? 1 : 0;
    crew_ -= std::exchange(child.in_crew, joins) ? 1 : 0;
    if (joins)
      queue.crew.set(seat, {owed, hosted});
    else
      queue.crew.erase(seat);
    child.placed = true;
  }
  unplaced_children_.clear();
}

void dispatcher::depth_changed(queue_id id) {
  if (std::exchange(queues_[id].counted, false))
    uncounted_queues_.push_back(id);
}

void dispatcher::count_again() {
  for (const auto seat : uncounted_children_) {
    auto& child = children_[seat];
    auto& queue = queues_[child.queue];
    count(queue, child.marks, static_cast<std::size_t>(-1));
    child.marks = marks_of(child);
    count(queue, child.marks, 1);
    child.counted = true;
    depth_changed(child.queue);
  }
  uncounted_children_.clear();
  for (const auto id : uncounted_queues_) {
    auto& queue = queues_[id];
    const bool empty = queue.empty();
    const bool nothing_to_give = empty || held_queues_.contains(id);
    idle_queues_.put(id, empty && queue.idle > 0);
    unbalanced_if_idle_.put(id, nothing_to_give && queue.surplus > 0);
    unbalanced_.put(id, nothing_to_give && queue.surplus > 0 && (queue.idle > 0 || queue.open > 0));
    queue.counted = true;
  }
  uncounted_queues_.clear();
}

void dispatcher::wake(queue_id id) {
  if (is_awake_[id] || queues_[id].empty())
    return;
  is_awake_[id] = true;
  awake_.push_back(id);
}

void dispatcher::release_held() {
  if (held_queues_.empty())
    return;
  place_again();
  const auto& held = held_queues_.members();
  for (auto at = held.size();
       at-- > 0;) { // backwards, since one that leaves is replaced by the last one
    const auto id = static_cast<queue_id>(held[at]);
    if (waits_for_crew(queues_[id]))
      continue;
    held_queues_.put(id, false);
    depth_changed(id);
    wake(id);
  }
}

std::chrono::nanoseconds dispatcher::average_time() const noexcept {
  if (plain_time_.known() && concurrent_time_.known())
    return (plain_time_.value() + concurrent_time_.value()) / 2;
  return plain_time_.known() ? plain_time_.value() : concurrent_time_.value();
}

} // namespace troupe::policy
