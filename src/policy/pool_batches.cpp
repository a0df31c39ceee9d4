#include "policy/pool_machine.hpp"

#include "base/limits.hpp"

#include <algorithm>
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

// The items from number `first` on go to whoever is free, before others that wait; in so many parts at least, as far as
// that is possible. Blocking functions of one child can run at the same time, and these take longer than was thought: so
// each of its places gets a part.
void pool_machine::requeue_from(task_key key, std::uint32_t first, std::size_t parts) {
  const auto* entry = ledger_.find(key);
  if (entry->task->code.kind == detail::call_kind::blocking)
    parts = std::max(parts, rules_.concurrency);
  const auto others = entry->task->divide(first);
  ledger_.shrink(key, others->size());
  const auto like = *ledger_.find(key); // a copy: other entries are made
  open_parts(others, like, parts);
}

void pool_machine::open_parts(
  const detail::task_ptr& batch, const task_ledger::entry& like, std::size_t parts) {
  detail::task_ptr second;
  try {
    if (parts > 1 && batch->items > 1)
      second = batch->divide(batch->items / 2);
  } catch (const std::bad_alloc&) {
    // In one part, then.
  }
  if (!second) {
    open_part(batch, like);
    return;
  }
  open_parts(batch, like, parts / 2); // of the same rank the smaller id is first
  open_parts(second, like, parts - parts / 2);
}

void pool_machine::open_part(const detail::task_ptr& part, const task_ledger::entry& like) {
  task_key key;
  try {
    key = ledger_.open(part);
  } catch (...) { // no memory
    counts_.failed += part->size();
    tally_.ended(like.tally, 0, part->size(), std::chrono::nanoseconds(0));
    part->resolve(outcome::failure(std::current_exception()));
    return;
  }
  auto& entry = *ledger_.find(key);
  entry.tally = like.tally;
  entry.queue = like.queue;
  entry.has_queue = true;
  entry.was_sent = true;
  entry.may_move = like.may_move;
  try {
    entry.since = like.since; // in its old order, not before what has a higher priority
    ++queued_[entry.queue];
    enqueue_ranked(key, entry, entry.since);
  } catch (...) { // no memory
    counts_.failed += part->size();
    resolve(key, outcome::failure(std::current_exception()));
  }
}

void pool_machine::resolve_front(task_key key, batch_progress&& progress) {
  auto* entry = ledger_.find(key);
  const auto batch = entry->task;
  if (progress.failed < progress.finished)
    supervision_.succeeded();
  outcome result;
  result.what = outcome::kind::value;
  result.payload = std::move(progress.results);
  batch->failed_items = progress.failed;
  batch->lingers = false; // that is said of the last item
  if (progress.finished < batch->items) {
    const auto rest = batch->divide(progress.finished);
    note_end(*entry, result, item_time_.value() * progress.finished);
    ledger_.replace(key, rest);
    entry->first += progress.finished;
    entry->first_failed += progress.failed;
    count_ended(progress.finished, progress.failed);
    batch->resolve(std::move(result));
  } else {
    count_ended(progress.finished, progress.failed);
    const auto since =
      std::max(std::chrono::nanoseconds(now_ - entry->sent), std::chrono::nanoseconds(0));
    const auto time = std::min(item_time_.value() * progress.finished, since);
    entry->began = now_ - time; // about so
    resolve(key, std::move(result), time);
  }
}

void pool_machine::close_batch(task_key key, std::size_t parts) {
  const auto* entry = ledger_.find(key);
  try {
    auto progress = port(entry->seat).close_batch(entry->cell);
    if (progress.claimed < entry->task->items)
      requeue_from(key, progress.claimed, parts);
    if (progress.finished > 0)
      resolve_front(key, std::move(progress));
  } catch (...) { // no memory to divide it
    counts_.failed += ledger_.find(key)->task->size();
    resolve(key, outcome::failure(std::current_exception()));
  }
}

void pool_machine::item_lingers(std::uint32_t seat, task_key task, time_point now) {
  if (failure_)
    return;
  now_ = now;
  news_of(seat);
  if (const auto* entry = ledger_.find(task); entry == nullptr || !entry->task->is_batch())
    return;
  close_batch(task);
  if (const auto* entry = ledger_.find(task))
    entry->task->lingers = true;
}

// As much of it as the child has run.
void pool_machine::batch_ended(const child_outcome& came, std::chrono::nanoseconds elapsed) {
  const auto key = came.task;
  try {
    if (came.items < ledger_.find(key)->task->items)
      requeue_from(key, came.items);
    outcome result;
    result.what = outcome::kind::value;
    result.payload = came.take_payload();
    ledger_.find(key)->task->failed_items = came.failed;
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
    const auto watch = look_at_batches_in(seat, now);
    batch_seats_.put(seat, watch == batch_watch::soon);
    held_batch_seats_.put(seat, watch == batch_watch::until_news);
  }
}

// Batches wait behind a plain function whose end is reported: until then there is nothing to see.
void pool_machine::news_of(std::uint32_t seat) noexcept {
  if (!held_batch_seats_.contains(seat))
    return;
  held_batch_seats_.put(seat, false);
  batch_seats_.put(seat, true);
}

// Whether another child could run a part of the batch meanwhile: one has nothing to do, and short items, which need a
// CPU, would find one.
bool pool_machine::could_share(const task_ledger::entry& batch) {
  return dispatcher_.has_idle(batch.queue, batch.may_move) && !dispatcher_.is_crowded();
}

pool_machine::batch_watch pool_machine::look_at_batches_in(std::uint32_t seat, time_point now) {
  if (!supervision_.children().present(seat) || dispatcher_.owed_by(seat) == 0)
    return batch_watch::none;
  auto tasks = port(seat).remaining();
  bool run = false;    // some do, and are worth another look
  bool on_cpu = false; // coroutines of a batch are, and keep the child from beginning others,
  bool stuck = false;  // ... for long, while another child could run those
  bool gone = false;   // what was resolved meanwhile runs on, and may keep the CPU
  // The child runs a plain function, to its end, or as much as it may.
  bool held = tasks.started.size() >= rules_.concurrency;
  for (const auto& key : tasks.started) {
    const auto* entry = ledger_.find(key);
    gone = gone || entry == nullptr;
    if (entry == nullptr)
      continue;
    const auto& task = *entry->task;
    held = held || task.code.kind == detail::call_kind::plain;
    if (!task.is_batch())
      continue;
    const auto began = port(seat).started_at(entry->cell);
    const bool is_long = began && *began <= now - limits::batch_patience;
    if (task.code.kind == detail::call_kind::coroutine && !task.lingers) {
      on_cpu = true;
      stuck = stuck || (is_long && could_share(*entry));
    }
    if (task.items <= 1)
      continue;
    if (is_long)
      close_batch(key);
    else if (now - entry->sent >= limits::take_back_after && dispatcher_.depth(entry->queue) == 0 &&
             could_share(*entry))
      close_batch(key, 2); // this child goes on with one half
    entry = ledger_.find(
      key); // else: only the item that runs is left, unless some results could not be read yet
    run = run || (entry != nullptr && entry->task->items > 1);
  }
  if (gone)
    for (const auto& key : tasks.unstarted)
      if (const auto* entry = ledger_.find(key);
          entry != nullptr && now - entry->sent >= limits::batch_patience && could_share(*entry))
        on_cpu = stuck = true;
  const bool some_behind = on_cpu && !tasks.unstarted.empty();
  if (stuck && some_behind) {
    take_back_unstarted(seat, dispatcher::unlimited);
    tasks.unstarted.clear(); // it may be sent others, for want of a better child
  }
  const bool wait =
    std::any_of(tasks.unstarted.begin(), tasks.unstarted.end(), [this](task_key key) {
      const auto* entry = ledger_.find(key);
      return entry != nullptr && entry->task->is_batch();
    });
  if (run || some_behind || (wait && (!held || dispatcher_.has_lent(seat))))
    return batch_watch::soon;
  return wait ? batch_watch::until_news : batch_watch::none;
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
