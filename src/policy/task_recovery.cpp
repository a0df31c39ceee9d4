#include "policy/pool_machine.hpp"

#include "base/limits.hpp"
#include "policy/retry_delay.hpp"
#include "policy/task_title.hpp"
#include "values/exception_codec.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <memory>
#include <utility>

// What becomes of a task that does not simply end: its child dies or does not begin it, its time is up, it
// is tried again.
namespace troupe::policy {

using detail::outcome;
using namespace std::chrono_literals;

namespace {

std::string milliseconds_of(std::chrono::nanoseconds time) {
  auto text = std::to_string(std::chrono::duration<double, std::milli>(time).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.'))
    text.pop_back();
  return text + " ms";
}

// How long not to look again at a task with a timeout that has waited in its child for so long: many that
// wait behind a long function do not keep the parent busy.
std::chrono::nanoseconds patience_with_unstarted(std::chrono::nanoseconds waited) {
  return std::min<std::chrono::nanoseconds>(waited / 4, limits::max_timeout_delay);
}

std::exception_ptr timeout_error(task_key key, const detail::task_state& task,
  std::shared_ptr<const detail::late_stack> where = nullptr) {
  return std::make_exception_ptr(
    task_timeout(task_title(key, task) + " ran longer than its timeout of " +
                   milliseconds_of(task.options->timeout),
      std::move(where)));
}

} // namespace

// -- death ----------------------------------------------------------------------------------------------

void pool_machine::child_down(std::uint32_t seat, const child_exit& exit,
  const std::exception_ptr& start_error, time_point now) {
  now_ = now;
  const bool on_purpose = supervision_.children()[seat].phase == child_phase::leaving;
  bool undeliverable = false;
  tasks_in_child tasks;
  std::exception_ptr problem;
  try {
    tasks = port(seat).remaining();
    make_watch(seat);
    ages_.end(seat);
    dispatcher_.remove_child(seat);
    std::erase_if(tasks.started, [this](task_key key) {
      const auto* entry = ledger_.find(key);
      if (entry == nullptr || !entry->task->is_batch())
        return false;
      close_batch(key);
      return ledger_.find(key) == nullptr; // none of its items was running
    });
    const auto suspects = suspects_of(tasks); // now it is known which item of a batch it was
    for (const auto key : tasks.started)
      recover(key, tasks, suspects, exit, on_purpose);
    // From the back, so that they stand in the queue in their old order.
    const auto suspect = on_purpose ? task_key{} : tasks.in_transfer.value_or(task_key{});
    for (auto key = tasks.unstarted.rbegin(); key != tasks.unstarted.rend(); ++key)
      if (suspect == *key)
        undeliverable = recover_delivery(*key, exit);
      else
        put_back(*key);
    watches_[seat].exited = false; // the seat is free for another
  } catch (...) {                  // the child is gone all the same
    problem = std::current_exception();
  }
  // A task that was on its way in is no more than suspect at first: the child may have died of itself.
  const auto cause =
    tasks.culprit || undeliverable ? supervision::blame::task : supervision::blame::child;
  supervision_.down(seat, exit, start_error, cause, now);
  if (problem)
    std::rethrow_exception(problem);
}

std::vector<task_id> pool_machine::suspects_of(const tasks_in_child& tasks) const {
  std::vector<task_id> suspects;
  const auto add = [&](task_key suspect) {
    const auto* known = ledger_.find(suspect);
    suspects.push_back(known == nullptr ? suspect.id : known->item_id());
  };
  if (tasks.culprit)
    add(*tasks.culprit);
  else if (!tasks.blameless)
    std::for_each(tasks.started.begin(), tasks.started.end(), add);
  return suspects;
}

void pool_machine::recover(task_key key, const tasks_in_child& tasks,
  const std::vector<task_id>& suspects, const child_exit& exit, bool on_purpose) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return; // resolved while it ran
  if (entry->stopping) {
    retry(key, timeout_error(key, *entry->task), now_);
    return;
  }
  const auto& options = entry->task->options;
  if (!options || !options->idempotent || tasks.culprit == key ||
      entry->attempt >= limits::max_attempts || !accepts_more_attempts()) {
    lose(key, tasks.culprit == key, suspects, exit);
    return;
  }
  if (*rules_.runs_wanted)
    tell_run({.entry = *entry,
               .failure = std::make_exception_ptr(
                 child_lost(entry->item_id(), exit, false, suspects, options->name)),
               .again = true,
               .failed = 1},
      std::nullopt);
  ledger_.put_back(key, true);
  // Where nobody knows which task it was, each is suspect: alone, it cannot hurt the others. But one for
  // which another waits cannot be kept waiting for a child of its own.
  if (tasks.culprit || tasks.blameless || on_purpose || entry->task->nesting > 0 ||
      entry->task->is_for_slot()) {
    enqueue_front(key, *entry);
  } else {
    ++queued_[entry->queue];
    dispatcher_.enqueue_alone(key, entry->task->code.kind, entry->queue);
  }
}

// A child died while it took the task in. Once that may be chance: it is tried again, alone.
bool pool_machine::recover_delivery(task_key key, const child_exit& exit) {
  auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return false;
  if (entry->task->items > 1) {
    halve(key);
    return false;
  }
  if (++entry->failed_deliveries < limits::max_failed_deliveries) {
    put_back(key);
    return false;
  }
  ++counts_.lost;
  const auto text = task_title(key, *entry->task) +
                    " cannot be delivered: " + std::to_string(entry->failed_deliveries) +
                    " children died while they took it in, the last one (pid " +
                    std::to_string(exit.pid) + ") " + exit.describe() + "; are its arguments (" +
                    std::to_string(entry->task->arguments().size()) +
                    " bytes) too large for a child?" + exit.last_words();
  resolve(key, outcome::failure(std::make_exception_ptr(
                 child_lost(text, key.id, exit, true, std::vector<task_id>{key.id}))));
  return true;
}

void pool_machine::lose(
  task_key key, bool culprit, const std::vector<task_id>& suspects, const child_exit& exit) {
  const auto* entry = ledger_.find(key);
  const auto& options = entry->task->options;
  const auto failure = std::make_exception_ptr(
    child_lost(entry->item_id(), exit, culprit, suspects, options ? options->name : std::string()));
  if (will_retry(*entry, failure)) {
    retry(key, failure, now_);
    return;
  }
  counts_.lost += entry->task->size();
  resolve(key, outcome::failure(failure));
}

// -- another attempt ------------------------------------------------------------------------------------

bool pool_machine::will_retry(
  const task_ledger::entry& entry, const std::exception_ptr& failure) const {
  const auto& options = entry.task->options;
  if (!options || entry.attempt >= options->retries.max_attempts || !accepts_more_attempts())
    return false;
  try {
    return options->retries.retry_on == nullptr || options->retries.retry_on(failure);
  } catch (...) {
    return false; // it could not decide: the failure stands
  }
}

bool pool_machine::retry_after(
  task_key key, const child_outcome& came, std::chrono::nanoseconds elapsed, time_point now) {
  const auto* entry = ledger_.find(key);
  if (entry->stopping) {
    retry(key, timeout_error(key, *entry->task), now, elapsed);
    return true;
  }
  const auto& options = entry->task->options;
  if (!options || options->retries.max_attempts <= 1)
    return false;
  const auto failure = detail::decode_exception(came.payload);
  if (!will_retry(*entry, failure))
    return false;
  retry(key, failure, now, elapsed);
  return true;
}

// The task is counted as queued from now on, so that there will be a child for it, also in a pool that is
// closing.
void pool_machine::retry(task_key key, const std::exception_ptr& failure, time_point now,
  std::optional<std::chrono::nanoseconds> ran) {
  const auto* entry = ledger_.find(key);
  if (*rules_.runs_wanted)
    tell_run({.entry = *entry, .failure = failure, .again = true, .failed = 1}, ran);
  ledger_.put_back(key, true);
  ++queued_[entry->queue];
  ++counts_.retried;
  const double random = static_cast<double>(jitter_() - std::minstd_rand::min()) /
                        static_cast<double>(std::minstd_rand::max());
  const auto delay = retry_delay(entry->task->options->retries, entry->attempt, random);
  set_alarm({now + delay, task_alarms::purpose::retry, key, entry->attempt});
  host_.task_retried({key, *entry->task, entry->attempt, failure, delay});
}

// -- time -----------------------------------------------------------------------------------------------

void pool_machine::stop_running(task_key key, const task_ledger::entry& entry, time_point now) {
  port(entry.seat).request_stop(entry.cell);
  set_alarm({now + rules_.cancel_grace, task_alarms::purpose::escalate, key, entry.attempt,
    entry.seat, entry.cell});
}

void pool_machine::on_alarm(const task_alarms::alarm& due, time_point now) {
  const auto* entry = ledger_.find(due.task);
  switch (due.why) {
  case task_alarms::purpose::expire:
    if (entry != nullptr && entry->attempt <= 1)
      expire(due.task);
    break;
  case task_alarms::purpose::timeout:
    check_timeout(due, now);
    break;
  case task_alarms::purpose::escalate:
    escalate(due, now);
    break;
  case task_alarms::purpose::retry:
    if (entry != nullptr && entry->where == task_ledger::place::queued)
      enqueue_ranked(due.task, *entry, due.when.time_since_epoch());
    break;
  }
}

void pool_machine::expire(task_key key) {
  auto* entry = ledger_.find(key);
  if (entry->where == task_ledger::place::in_child) {
    if (!take_back(*entry))
      return; // it has been started
  } else if (entry->attempt > 0) {
    return; // it waits for another attempt
  }
  ++counts_.expired;
  const auto text = task_title(key, *entry->task) + " was not started within " +
                    milliseconds_of(entry->task->options->expires);
  resolve(key, outcome::failure(std::make_exception_ptr(task_expired(text))));
}

void pool_machine::check_timeout(const task_alarms::alarm& due, time_point now) {
  const auto is_meant = [&](const task_ledger::entry* entry) {
    return entry != nullptr && entry->attempt == due.attempt && !entry->stopping &&
           entry->where == task_ledger::place::in_child && entry->seat == due.seat &&
           entry->cell == due.cell;
  };
  auto* entry = ledger_.find(due.task);
  if (!is_meant(entry))
    return;
  // A result that was written in time counts, although nobody has looked at it until now.
  port(entry->seat).read();
  entry = ledger_.find(due.task);
  if (!is_meant(entry))
    return;
  const auto timeout = entry->task->options->timeout;
  auto again = due;
  const auto started = port(entry->seat).started_at(entry->cell);
  // What the child says of its start is believed once, and as far as it can be true: one that scribbles may say each time
  // that the task has just begun, or will.
  if (started && !due.began)
    again.began = std::clamp(*started, std::min(entry->sent, now), now);
  again.when = again.began ? *again.began + timeout
                           : now + std::max(timeout, patience_with_unstarted(now - entry->sent));
  if (again.when > now) {
    set_alarm(again);
    return;
  }
  const auto failure = timeout_error(due.task, *entry->task, ask_stack(*entry));
  stop_running(due.task, *entry, now);
  if (will_retry(*entry, failure)) {
    entry->stopping = true; // and tried again when this attempt is over
    return;
  }
  ++counts_.timed_out;
  resolve(due.task, outcome::failure(failure));
}

// Its next attempt may be in the very same cell. No entry: the task has its outcome, and runs on.
void pool_machine::escalate(const task_alarms::alarm& due, time_point now) {
  const auto still_there = [&] {
    const auto* entry = ledger_.find(due.task);
    return (entry == nullptr || entry->attempt == due.attempt) &&
           supervision_.children().present(due.seat) &&
           port(due.seat).task_in(due.cell) == due.task;
  };
  if (!still_there())
    return;
  port(due.seat).read();
  if (!still_there())
    return;
  if (port(due.seat).waits_for_child(due.cell)) { // behind another task, which has done nothing
    const std::chrono::nanoseconds grace = rules_.cancel_grace;
    auto again = due;
    again.when = now + std::max<std::chrono::nanoseconds>(grace, limits::max_timeout_delay);
    set_alarm(again);
    return;
  }
  end_child(due.seat, rules_.cancel_grace,
    "its task " + std::to_string(due.task.id) + " did not stop when it was asked to", now);
}

void pool_machine::end_child(
  std::uint32_t seat, std::chrono::milliseconds grace, const std::string& reason, time_point now) {
  dispatcher_.stop_child(seat);
  take_back_unstarted(seat, dispatcher::unlimited);
  supervision_.end(seat, grace, reason, now);
}

// -- children that make no progress ---------------------------------------------------------------------

void pool_machine::watch_pulses(time_point now) {
  if (!pulse_due_ && ledger_.in_child_count() > 0)
    pulse_due_ = now + limits::pulse_interval;
}

void pool_machine::take_pulses(time_point now) {
  // If this look is late, this process was stopped itself, and the children may have been as well.
  const bool late = now - *pulse_due_ > limits::pulse_interval;
  pulse_due_.reset();
  for (std::uint32_t seat = 0; seat < watches_.size(); ++seat) {
    auto& watch = watches_[seat];
    const bool progresses =
      dispatcher_.owed_by(seat) == 0 || now - watch.last_outcome < limits::pulse_interval;
    if (late || progresses) {
      watch.suspicions = 0;
      if (progresses)
        watch.busy_from.reset();
      continue;
    }
    port(seat).read();
    if (!supervision_.children().present(seat))
      continue;
    const auto why = why_stuck(seat);
    if (why.empty())
      watches_[seat].suspicions = 0;
    else if (++watches_[seat].suspicions >= limits::pulses_without_progress ||
             watches_[seat].busy_from) // which has taken long enough
      end_child(seat, rules_.cancel_grace, why, now);
  }
}

std::size_t pool_machine::waiting_in(std::uint32_t seat) {
  // Tasks that have lent their places may keep it from starting others.
  if (dispatcher_.has_lent(seat))
    return 0;
  const auto tasks = port(seat).remaining();
  return tasks.started.size() >= rules_.concurrency ? 0 : tasks.unstarted.size();
}

// Why the child is taken for one that will never go on; empty if it is not.
std::string pool_machine::why_stuck(std::uint32_t seat) {
  const auto pulse = port(seat).pulse();
  if (pulse.may_progress)
    return why_busy(seat, pulse);
  watches_[seat].busy_from.reset();
  const auto seconds =
    std::to_string(limits::pulses_without_progress * limits::pulse_interval / 1s) + " s";
  if (pulse.stopped)
    return "it was stopped by a signal for " + seconds + " while it had tasks";
  const auto waiting = pulse.on_cpu ? 0 : waiting_in(seat);
  if (waiting == 0)
    return {};
  return "it has not begun any of the " + std::to_string(waiting) + " tasks that it was sent for " +
         seconds +
         ", although it has nothing to do: does one of its tasks damage descriptors that are not "
         "its own?";
}

// A child that runs may only wait for a CPU; one whose loop has had that much of it, and has begun nothing, is in
// something that does not end.
std::string pool_machine::why_busy(std::uint32_t seat, const child_pulse& pulse) {
  auto& from = watches_[seat].busy_from;
  const auto waiting = pulse.on_cpu || pulse.cpu.count() == 0 ? 0 : waiting_in(seat);
  if (waiting == 0) {
    from.reset();
    return {};
  }
  if (!from)
    from = pulse.cpu;
  if (pulse.cpu - *from < limits::busy_without_progress)
    return {};
  return "its event loop has been busy for more than " +
         std::to_string(limits::busy_without_progress / 1s) +
         " s of CPU time with what is none of its tasks, and has not begun any of the " +
         std::to_string(waiting) + " that it was sent: does a handler of the program's not end?";
}

} // namespace troupe::policy
