#include "policy/pool_machine.hpp"

#include "base/limits.hpp"

#include <new>
#include <utility>

// Batches: items of a map that travel together. Each item comes to an end of its own, so a batch whose items do not
// is divided: the finished ones are resolved, the one that runs stays in its child, the others wait anew.
namespace troupe::policy {

using detail::outcome;

void pool_machine::count_ended(std::size_t items, std::size_t failed) {
  counts_.succeeded += items - failed;
  counts_.failed += failed;
}

// The items from number `first` on go to whoever is free, before others that wait; in two parts if `by_two`.
void pool_machine::requeue_from(task_key key, std::uint32_t first, bool by_two) {
  const auto* entry = ledger_.find(key);
  const auto others = entry->task->divide(first);
  ledger_.shrink(key, others->size());
  detail::task_ptr second;
  try {
    if (by_two && others->items > 1)
      second = others->divide(others->items / 2);
  } catch (const std::bad_alloc&) {
    // In one part, then.
  }
  const auto like = *ledger_.find(key); // a copy: other entries are made
  if (second)
    open_part(second, like);
  open_part(others, like);
}

void pool_machine::open_part(const detail::task_ptr& part, const task_ledger::entry& like) {
  task_key key;
  try {
    key = ledger_.open(part);
  } catch (...) { // no memory
    counts_.failed += part->size();
    part->resolve(outcome::failure(std::current_exception()));
    return;
  }
  auto& entry = *ledger_.find(key);
  entry.queue = like.queue;
  entry.has_queue = true;
  entry.was_sent = true;
  entry.may_move = like.may_move;
  enqueue_front(key, entry);
}

void pool_machine::resolve_front(task_key key, batch_progress&& progress) {
  auto* entry = ledger_.find(key);
  const auto batch = entry->task;
  outcome result;
  result.what = outcome::kind::value;
  result.payload = std::move(progress.results);
  if (progress.finished < batch->items) {
    ledger_.replace(key, batch->divide(progress.finished));
    entry->first += progress.finished;
    count_ended(progress.finished, progress.failed);
    batch->resolve(std::move(result));
  } else {
    count_ended(progress.finished, progress.failed);
    resolve(key, std::move(result), std::chrono::nanoseconds(0));
  }
}

void pool_machine::close_batch(task_key key, bool by_two) {
  const auto* entry = ledger_.find(key);
  try {
    auto progress = port(entry->seat).close_batch(entry->cell);
    if (progress.claimed < entry->task->items)
      requeue_from(key, progress.claimed, by_two);
    if (progress.finished > 0)
      resolve_front(key, std::move(progress));
  } catch (...) { // no memory to divide it
    counts_.failed += ledger_.find(key)->task->size();
    resolve(key, outcome::failure(std::current_exception()));
  }
}

// As much of it as the child has run.
void pool_machine::batch_ended(const child_outcome& came, std::chrono::nanoseconds elapsed) {
  const auto key = came.task;
  try {
    if (came.items < ledger_.find(key)->task->items)
      requeue_from(key, came.items);
    outcome result;
    result.what = outcome::kind::value;
    result.payload.assign(came.payload);
    count_ended(came.items, came.failed);
    if (came.failed < came.items)
      supervision_.succeeded();
    resolve(key, std::move(result), elapsed);
  } catch (const std::bad_alloc&) {
    counts_.failed += ledger_.find(key)->task->size();
    resolve(key, outcome::failure(std::current_exception()));
  }
}

// A child whose batch does not come to its end holds results that are ready, and items that others could run.
void pool_machine::look_at_batches(time_point now) {
  const auto seats = batch_seats_.members(); // a copy: some leave
  for (const auto index : seats) {
    const auto seat = static_cast<std::uint32_t>(index);
    if (supervision_.children().present(seat))
      port(seat).read();
    batch_seats_.put(seat, look_at_batches_in(seat, now));
  }
}

// Whether it has some that are worth another look.
bool pool_machine::look_at_batches_in(std::uint32_t seat, time_point now) {
  if (!supervision_.children().present(seat) || dispatcher_.owed_by(seat) == 0)
    return false;
  const auto tasks = port(seat).remaining();
  bool some = false;
  for (const auto& key : tasks.unstarted)
    if (const auto* entry = ledger_.find(key))
      some = some || entry->task->is_batch();
  for (const auto& key : tasks.started) {
    const auto* entry = ledger_.find(key);
    if (entry == nullptr || entry->task->items <= 1)
      continue;
    const auto began = port(seat).started_at(entry->cell);
    if (began && now - *began >= limits::batch_patience)
      close_batch(key);
    else if (now - entry->sent >= limits::take_back_after &&
             dispatcher_.has_idle(entry->queue, entry->may_move))
      close_batch(key, true); // this child goes on with one half
    else
      some = true;
  }
  return some;
}

// A child died while it took the batch in: that may be the fault of one item, which the other ones are not to share.
void pool_machine::halve(task_key key) {
  try {
    requeue_from(key, ledger_.find(key)->task->items / 2);
    put_back(key);
  } catch (...) {
    counts_.failed += ledger_.find(key)->task->size();
    resolve(key, outcome::failure(std::current_exception()));
  }
}

} // namespace troupe::policy
