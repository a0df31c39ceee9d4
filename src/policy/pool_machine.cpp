#include "policy/pool_machine.hpp"

#include "base/contract.hpp"
#include "base/limits.hpp"
#include "policy/task_order.hpp"
#include "policy/task_title.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace troupe::policy {

using detail::outcome;
using namespace std::chrono_literals;

pool_machine::pool_machine(rules with, child_host& host)
  : rules_(std::move(with))
  , host_(host)
  , scheduler_(rules_.scheduler ? rules_.scheduler : std::make_shared<round_robin>())
  , dispatcher_(rules_.children.queues, rules_.concurrency, rules_.cpus)
  , supervision_(rules_.children, host, *this)
  , ages_(rules_.age_per_child)
  , depths_told_(rules_.children.queues)
  , queued_(rules_.children.queues)
  , depth_news_(rules_.children.queues)
  , jitter_(rules_.seed) {
  for (queue_id queue = 0; queue < rules_.children.queues; ++queue)
    scheduler_->register_queue(queue);
  for (std::size_t position = 0; position < rules_.children.processes; ++position)
    scheduler_->register_process(position % rules_.children.queues);
}

// -- from its submission to a child ---------------------------------------------------------------------

void pool_machine::submit(detail::task_ptr task, time_point now) {
  now_ = now;
  if (!accepts_more_attempts()) {
    host_.made_room();
    task->resolve(outcome::failure(
      failure_ ? failure_ : std::make_exception_ptr(pool_closed("pool is closed"))));
    return;
  }
  const auto expires = task->options ? task->options->expires : 0ns;
  task_key key;
  try {
    key = ledger_.open(task);
  } catch (...) { // no memory
    host_.made_room();
    task->resolve(outcome::failure(std::current_exception()));
    return;
  }
  counts_.submitted += task->size();
  try {
    auto* entry = ledger_.find(key);
    entry->since = now.time_since_epoch();
    entry->tally = tally_.submitted(*task);
    if (task->is_for_slot())
      take_slot(key, *entry);
    else
      choose_queue(key, *entry);
    enqueue_ranked(key, *entry, now.time_since_epoch());
    if (expires > 0ns)
      set_alarm({now + expires, task_alarms::purpose::expire, key});
  } catch (...) {
    counts_.failed += task->size();
    resolve(key, outcome::failure(std::current_exception()));
  }
}

void pool_machine::choose_queue(task_key key, task_ledger::entry& entry) {
  const auto& task = *entry.task;
  while (!depth_news_.empty()) {
    const auto queue = depth_news_.any();
    depth_news_.put(queue, false);
    if (const auto depth = dispatcher_.depth(queue); depth != depths_told_[queue])
      scheduler_->queue_depth(queue, depths_told_[queue] = depth);
  }
  task_info info;
  if (task.options) {
    info.name = task.options->name;
    info.key = task.options->key;
    info.priority = task.options->priority;
  }
  info.argument_bytes = task.arguments().size();
  const auto queue = scheduler_->schedule_task(key.id, info);
  if (queue >= rules_.children.queues)
    throw std::out_of_range("the scheduler of pool " + rules_.children.name + " chose queue " +
                            std::to_string(queue) + ", but there are only " +
                            std::to_string(rules_.children.queues));
  entry.queue = queue;
  entry.has_queue = entry.scheduled = true;
  entry.may_move = scheduler_->may_move(info);
  ++queued_[queue];
}

// `time`: since when it ranks among the others of its queue.
void pool_machine::enqueue_ranked(
  task_key key, const task_ledger::entry& entry, std::chrono::nanoseconds time) {
  const auto& task = *entry.task;
  const int priority = task.options ? task.options->priority : 0;
  if (task.is_for_slot())
    slot_tasks_.add(task.slot, key);
  else if (task.nesting > 0)
    dispatcher_.enqueue_nested(key, task.code.kind, task.nesting, entry.queue);
  else
    dispatcher_.enqueue(
      {key, task.code.kind, task_order(time, priority), entry.may_move}, entry.queue);
  depth_news_.put(entry.queue, true);
}

void pool_machine::pump(time_point now) {
  const auto slots = slot_tasks_.slots(); // a copy: some have no more tasks afterwards
  for (const auto slot : slots)
    pump_slot(slot, now);
  while (const auto next = dispatcher_.next_assignment(is_open()))
    send(*next, now);
}

void pool_machine::send(const dispatcher::assignment& next, time_point now) {
  auto* entry = ledger_.find(next.task);
  if (!std::exchange(entry->was_sent, true))
    host_.made_room();
  depth_news_.put(entry->queue, true);
  try {
    const auto cell = port(next.seat).send(next.task, entry->task, entry->attempt + 1);
    ledger_.assign(next.task, next.seat, cell);
  } catch (...) { // no memory for what does not fit into the ring
    dispatcher_.not_sent(next.seat, next.task_kind);
    counts_.failed += entry->task->size();
    resolve(next.task, outcome::failure(std::current_exception()));
    return;
  }
  --queued_[entry->queue];
  entry->sent = now;
  if (entry->task->is_batch())
    batch_seats_.put(next.seat, true);
  if (const auto& options = entry->task->options; options && options->timeout > 0ns)
    set_alarm({now + options->timeout, task_alarms::purpose::timeout, next.task, entry->attempt,
      entry->seat, entry->cell});
  if (dispatcher_.budget_of(next.seat) == 0) {
    supervision_.retire(next.seat);
    some_retired_ = true;
  }
}

// -- its end --------------------------------------------------------------------------------------------

namespace {

// Of the two times by which a child says when it began a task neither is believed further than it can be true.
pool_machine::time_point began_at(
  const task_ledger::entry& entry, const child_outcome& came, pool_machine::time_point latest) {
  if (came.began == pool_machine::time_point{})
    return latest;
  return std::clamp(came.began, std::min(entry.sent, latest), latest);
}

} // namespace

void pool_machine::task_ended(std::uint32_t seat, const child_outcome& came, time_point now) {
  if (failure_)
    return; // everything is resolved
  const auto* entry = ledger_.find(came.task);
  // What a child says of the time is believed as far as it can be true. Of a task that has been resolved it is not known how
  // far that is, so nothing is learnt: it counts as one like the others.
  const std::chrono::nanoseconds most = entry != nullptr
                                          ? std::max<clock::duration>(now - entry->sent, 0ns)
                                          : item_time_.value() * came.ran;
  const auto elapsed = std::clamp<std::chrono::nanoseconds>(came.elapsed, 0ns, most);
  now_ = now;
  dispatcher_.ended(seat, came.kind, elapsed, now, came.ran);
  news_of(seat);
  item_time_.add(elapsed / came.ran);
  watches_[seat].last_outcome = now;
  if (entry == nullptr)
    return; // resolved while it ran: its result is nobody's
  if (*rules_.runs_wanted)
    ledger_.find(came.task)->began = began_at(*entry, came, now - elapsed);
  entry->task->lingers = came.lingers;
  if (came.items > 0) {
    batch_ended(came, elapsed);
    return;
  }
  if (came.threw && entry->task->items > 1) {
    halve(came.task); // it cannot be taken in: that may be the fault of one item
    return;
  }
  if (entry->stopping || came.threw) {
    if (retry_after(came.task, came, elapsed, now))
      return;
    counts_.failed += entry->task->size(); // a batch throws where it cannot be taken in
  } else {
    ++counts_.succeeded;
  }
  if (!came.threw)
    supervision_.succeeded();
  outcome result;
  try {
    result.payload = came.take_payload();
    result.what = came.threw ? outcome::kind::threw : outcome::kind::value;
  } catch (const std::bad_alloc&) {
    result = outcome::failure(std::current_exception());
  }
  resolve(came.task, std::move(result), elapsed);
}

void pool_machine::tell_scheduler(
  const task_ledger::entry& entry, task_id id, std::optional<std::chrono::nanoseconds> ran) {
  try {
    scheduler_->task_left(entry.queue, ran);
    if (ran)
      scheduler_->complete_task(id);
    else
      scheduler_->lose_task(id);
  } catch (...) {
    // It has been told; what it makes of it is its own affair.
  }
}

// Tells the books that count by name.
void pool_machine::note_end(
  const task_ledger::entry& entry, const outcome& result, std::chrono::nanoseconds ran) noexcept {
  const auto& task = *entry.task;
  const auto failed = result.what != outcome::kind::value ? task.size()
                      : task.is_batch()                   ? task.failed_items
                                                          : 0;
  tally_.ended(entry.tally, task.size() - failed, failed, ran);
  if (failed > 0 && failure_log_.wants_more(now_))
    failure_log_.add(entry, result, now_);
}

void pool_machine::resolve(
  task_key key, outcome&& result, std::optional<std::chrono::nanoseconds> ran) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return;
  note_end(*entry, result, ran.value_or(0ns));
  if (*rules_.runs_wanted) {
    const bool value = result.what == outcome::kind::value;
    const auto& task = *entry->task;
    const auto failed = !value ? task.size() : task.is_batch() ? task.failed_items : 0;
    tell_run({.entry = *entry, .result = &result, .items = task.size(), .failed = failed}, ran);
  }
  close_entry(key, *entry, std::move(result), ran);
}

void pool_machine::drop(task_key key, const std::exception_ptr& why) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return;
  counts_.cancelled += entry->task->size();
  tally_.cancelled(entry->tally, entry->task->size());
  if (*rules_.runs_wanted)
    tell_run({.entry = *entry, .cancelled = true, .items = entry->task->size()}, std::nullopt);
  close_entry(key, *entry, outcome::failure(why), std::nullopt);
}

void pool_machine::close_entry(task_key key, const task_ledger::entry& entry, outcome&& result,
  std::optional<std::chrono::nanoseconds> ran) {
  if (!entry.was_sent)
    host_.made_room();
  if (entry.has_queue && entry.where == task_ledger::place::queued) {
    --queued_[entry.queue];
    depth_news_.put(entry.queue, true);
  }
  if (entry.scheduled)
    tell_scheduler(entry, key.id, ran);
  ledger_.close(key)->resolve(std::move(result));
}

void pool_machine::cancel(const detail::task_ptr& task, bool started_too, time_point now) {
  now_ = now;
  for (auto part = task; part; part = part->rest)
    cancel_part(part, started_too, now);
}

void pool_machine::cancel_part(const detail::task_ptr& part, bool started_too, time_point now) {
  const task_key key{part->ledger_index, part->id};
  const auto is_open = [&] {
    const auto* entry = ledger_.find(key);
    return entry != nullptr && entry->task == part;
  };
  if (!is_open())
    return;
  auto* entry = ledger_.find(key);
  std::shared_ptr<const detail::late_stack> where;
  if (entry->where == task_ledger::place::in_child && !take_back(*entry)) {
    if (part->is_batch()) {
      port(entry->seat).read(); // what is finished counts
      if (is_open())
        close_batch(key); // only the item that runs is left in it
      if (!is_open())
        return; // it comes with the other parts
      entry = ledger_.find(key);
    }
    if (!started_too)
      return;
    where = ask_stack(*entry);
    stop_running(key, *entry, now);
  }
  drop(key, std::make_exception_ptr(
              task_cancelled(task_title(key, *part) + " was cancelled", std::move(where))));
}

void pool_machine::fail_all(const std::exception_ptr& reason) {
  ledger_.for_each_open([&](task_key key) { drop(key, reason); });
}

// -- taking back ----------------------------------------------------------------------------------------

bool pool_machine::take_back(task_ledger::entry& entry) {
  if (!port(entry.seat).take_back(entry.cell))
    return false;
  entry.cell = task_ledger::no_cell;
  dispatcher_.taken_back(entry.seat, entry.task->code.kind);
  return true;
}

void pool_machine::put_back(task_key key) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return;
  ledger_.put_back(key, false);
  enqueue_front(key, *entry);
}

// The task has just become one that is queued.
void pool_machine::enqueue_front(task_key key, const task_ledger::entry& entry) {
  const auto kind = entry.task->code.kind;
  ++queued_[entry.queue];
  depth_news_.put(entry.queue, true);
  if (entry.task->is_for_slot())
    slot_tasks_.add_front(entry.task->slot, key);
  else if (entry.task->nesting > 0)
    dispatcher_.enqueue_nested(key, kind, entry.task->nesting, entry.queue);
  else if (entry.failed_deliveries > 0)
    dispatcher_.enqueue_alone(key, kind, entry.queue); // still suspect
  else
    dispatcher_.enqueue_front(key, kind, entry.queue, entry.may_move);
}

// The latest to be sent are the last to be started.
void pool_machine::take_back_unstarted(std::uint32_t seat, std::size_t at_most) {
  auto candidates = port(seat).remaining().unstarted;
  for (std::size_t taken = 0; taken < at_most && !candidates.empty(); candidates.pop_back()) {
    const auto key = candidates.back();
    auto* entry = ledger_.find(key);
    if (entry == nullptr || !take_back(*entry))
      continue;
    put_back(key);
    ++taken;
  }
  for (const auto& key : port(seat).remaining().started)
    if (const auto* entry = ledger_.find(key); entry != nullptr && entry->task->items > 1)
      close_batch(key);
}

// A child that runs a long function cannot tell; so while another one is idle, or the function is an item of a batch,
// look again soon. Nor can one from which all was taken back that it could not start.
void pool_machine::watch_balance(time_point now) {
  const auto look_by = [this](time_point when) {
    balance_due_ = balance_due_ ? std::min(*balance_due_, when) : when;
  };
  const auto is_due_within = [&](std::chrono::nanoseconds time) {
    return balance_due_ && *balance_due_ <= now + time;
  };
  if (!is_due_within(limits::take_back_after) && !batch_seats_.empty())
    look_by(now + limits::take_back_after);
  if (!is_due_within(dispatcher_.patience()) && dispatcher_.unbalanced())
    look_by(now + dispatcher_.patience());
  if (const auto rested = dispatcher_.next_end_of_rest())
    look_by(*rested);
}

void pool_machine::rebalance(time_point now) {
  dispatcher_.end_rests(now);
  look_at_batches(now);
  while (const auto take = dispatcher_.next_take_back(now)) {
    take_back_unstarted(take->from, take->at_most);
    pump(now);
  }
}

// -- lending --------------------------------------------------------------------------------------------

// A pool that has failed sends nothing more, so it has no use for places, and may have failed while it noted
// one.

void pool_machine::task_lent(std::uint32_t seat, const lent_place& place, time_point now) {
  if (failure_)
    return;
  dispatcher_.lend(seat, place.task.id, place.kind, place.nesting, place.start, now);
  news_of(seat);
  if (place.kind != detail::call_kind::plain)
    item_lingers(seat, place.task, now);
  if (dispatcher_.nesting_floor(seat, place.kind) == 0)
    return;
  // What the child will not start now must not stand before what it is to start.
  const auto unstarted = port(seat).remaining().unstarted;
  for (auto key = unstarted.rbegin(); key != unstarted.rend(); ++key) {
    auto* entry = ledger_.find(*key);
    if (entry != nullptr &&
        entry->task->nesting < dispatcher_.nesting_floor(seat, entry->task->code.kind) &&
        take_back(*entry))
      put_back(*key);
  }
}

void pool_machine::task_reclaimed(std::uint32_t seat, const lent_place& place, time_point now) {
  if (failure_)
    return;
  dispatcher_.reclaim(seat, place.task.id, place.kind, now);
}

// -- the pool's life ------------------------------------------------------------------------------------

void pool_machine::child_ready(std::uint32_t seat, time_point now) {
  now_ = now;
  supervision_.ready(seat);
}

void pool_machine::child_exited(std::uint32_t seat) {
  make_watch(seat);
  watches_[seat].exited = true;
  dispatcher_.stop_child(seat);
}

void pool_machine::takes_tasks(std::uint32_t seat, queue_id queue) {
  make_watch(seat);
  watches_[seat].last_outcome = now_;
  watches_[seat].suspicions = 0;
  dispatcher_.add_child(seat, queue,
    rules_.tasks_per_child == 0 ? dispatcher::unlimited : rules_.tasks_per_child, now_);
  ages_.begin(seat, now_, jitter_);
  if (watches_[seat].exited) // it said so before, and nobody looked
    dispatcher_.stop_child(seat);
}

bool pool_machine::needs_children(queue_id queue) const {
  return phase_ == phase::open || (phase_ == phase::closing && queued_[queue] > 0);
}

void pool_machine::close() {
  if (phase_ == phase::open)
    phase_ = phase::closing;
}

void pool_machine::terminate(const std::string& reason, time_point now) {
  if (phase_ == phase::terminating)
    return;
  now_ = now;
  phase_ = phase::terminating;
  fail_all(std::make_exception_ptr(
    task_cancelled("the task was dropped: pool " + rules_.children.name + " was terminated")));
  supervision_.terminate_all(reason, now);
}

void pool_machine::fail(const std::exception_ptr& reason, time_point now) {
  now_ = now;
  supervision_.give_up(reason, now);
}

void pool_machine::gave_up(const std::exception_ptr& reason) {
  phase_ = phase::terminating;
  failure_ = reason;
  fail_all(failure_);
}

void pool_machine::settle(time_point now) {
  now_ = now;
  do { // a child that has just got its last task has a successor at once
    some_retired_ = false;
    supervision_.reconcile(now);
    if (const auto slot = phase_ == phase::open ? supervision_.next_outdated() : std::nullopt) {
      retire_child_of(*slot);
      some_retired_ = true;
    }
    pump(now);
  } while (some_retired_);
  if (phase_ == phase::closing && ledger_.open_count() == 0) {
    phase_ = phase::draining;
    supervision_.drain_all(now);
  }
  watch_balance(now);
  watch_slow_tasks(now);
  watch_pulses(now);
}

std::optional<pool_machine::time_point> pool_machine::next_alarm() {
  auto next = supervision_.next_alarm();
  for (const auto& due :
    {alarms_.next(is_open()), balance_due_, slow_due_, pulse_due_, ages_.next()})
    if (due && (!next || *due < *next))
      next = due;
  return next;
}

void pool_machine::alarm(time_point now) {
  now_ = now;
  if (balance_due_ && *balance_due_ <= now) {
    balance_due_.reset();
    rebalance(now);
  }
  while (const auto due = alarms_.take_due(now))
    on_alarm(*due, now);
  if (slow_due_ && *slow_due_ <= now)
    look_for_slow_tasks(now);
  if (pulse_due_ && *pulse_due_ <= now)
    take_pulses(now);
  while (const auto old = ages_.take_due(now))
    recycle_child(*old, now);
  supervision_.alarm(now);
}

pool_stats pool_machine::stats() const {
  auto result = counts_;
  result.name = rules_.children.name;
  result.queued = ledger_.queued_count();
  result.running = ledger_.in_child_count();
  result.deaths = supervision_.deaths();
  result.spares = supervision_.children().count(child_phase::spare);
  return result;
}

} // namespace troupe::policy
