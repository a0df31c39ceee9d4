// What becomes of a task that does not simply end: its child dies, its time is up, it is tried again.
#include "base/limits.hpp"
#include "parent/pool/pool_actor.hpp"
#include "policy/task_title.hpp"
#include "policy/retry_delay.hpp"
#include "values/exception_codec.hpp"

namespace troupe::parent {

using detail::outcome;
using policy::task_alarms;
using namespace std::chrono_literals;

namespace {

std::string milliseconds_of(std::chrono::nanoseconds time) {
  auto text = std::to_string(std::chrono::duration<double, std::milli>(time).count());
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.'))
    text.pop_back();
  return text + " ms";
}

std::exception_ptr timeout_error(policy::task_key key, const detail::task_state& task) {
  return std::make_exception_ptr(
    task_timeout(task_title(key, task) + " ran longer than its timeout of " +
                 milliseconds_of(task.options->timeout)));
}

} // namespace

// -- death ----------------------------------------------------------------------------------------------

void pool_actor::on_down(std::uint32_t seat, const child_process& child, bool on_purpose) {
  drop_requests(seat);
  const auto tasks = child.remaining_tasks();
  dispatcher_.remove_child(seat);
  for (const auto key : tasks.started)
    recover(key, tasks, child.exit(), on_purpose);
  // From the back, so that they stand in the queue in their old order.
  for (auto key = tasks.unstarted.rbegin(); key != tasks.unstarted.rend(); ++key)
    put_back(*key);
  pump();
  watch_balance();
  check_drained();
}

void pool_actor::recover(
  policy::task_key key, const tasks_at_death& tasks, const child_exit& exit, bool on_purpose) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return; // resolved while it ran
  if (entry->stopping) {
    retry(key);
    return;
  }
  const bool innocent = tasks.culprit != key;
  if (entry->task->options && entry->task->options->idempotent && innocent &&
      entry->attempt < limits::max_attempts && accepts_more_attempts()) {
    ledger_.put_back(key, true);
    // Where nobody knows which task it was, each is suspect: alone, it cannot hurt the others. But one for
    // which another waits cannot be kept waiting for a child of its own.
    if (tasks.culprit || on_purpose || entry->task->nesting > 0)
      enqueue_front(key, *entry);
    else
      dispatcher_.enqueue_alone(key, entry->task->code.kind, entry->queue);
    return;
  }
  std::vector<task_id> suspects;
  if (tasks.culprit)
    suspects.push_back(tasks.culprit->id);
  else
    for (const auto& suspect : tasks.started)
      suspects.push_back(suspect.id);
  const auto& options = entry->task->options;
  const auto failure = std::make_exception_ptr(child_lost(
    key.id, exit, !innocent, std::move(suspects), options ? options->name : std::string()));
  if (will_retry(*entry, failure)) {
    retry(key);
    return;
  }
  ++counts_.lost;
  resolve(key, outcome::failure(failure));
}

// -- another attempt ------------------------------------------------------------------------------------

bool pool_actor::will_retry(
  const policy::task_ledger::entry& entry, const std::exception_ptr& failure) const {
  const auto& options = entry.task->options;
  if (!options || entry.attempt >= options->retries.max_attempts || !accepts_more_attempts())
    return false;
  try {
    return options->retries.retry_on == nullptr || options->retries.retry_on(failure);
  } catch (...) {
    return false; // it could not decide: the failure stands
  }
}

bool pool_actor::retry_after(policy::task_key key, const child_outcome& came) {
  const auto* entry = ledger_.find(key);
  if (!entry->stopping) {
    const auto& options = entry->task->options;
    if (!options || options->retries.max_attempts <= 1)
      return false;
    if (!will_retry(*entry, detail::decode_exception(came.payload)))
      return false;
  }
  retry(key);
  return true;
}

void pool_actor::retry(policy::task_key key) {
  const auto* entry = ledger_.find(key);
  ledger_.put_back(key, true);
  ++counts_.retried;
  const double random = static_cast<double>(jitter_() - std::minstd_rand::min()) /
                        static_cast<double>(std::minstd_rand::max());
  const auto delay = policy::retry_delay(entry->task->options->retries, entry->attempt, random);
  set_alarm({clock::now() + delay, task_alarms::purpose::retry, key, entry->attempt});
}

// -- time -----------------------------------------------------------------------------------------------

void pool_actor::stop_running(policy::task_key key, const policy::task_ledger::entry& entry) {
  supervisor_[entry.seat].request_stop(entry.slot);
  set_alarm({clock::now() + options_->cancel_grace, task_alarms::purpose::escalate, key,
    entry.attempt, entry.seat, entry.slot});
}

void pool_actor::set_alarm(const task_alarms::alarm& what) {
  alarms_.set(what, is_open());
  if (what.when < alarm_timer_due_)
    arm_alarm_timer();
}

void pool_actor::arm_alarm_timer() {
  const auto next = phase_ == phase::stopped ? std::nullopt : alarms_.next(is_open());
  alarm_timer_due_ = next.value_or(clock::time_point::max());
  if (!next)
    return;
  alarm_timer_.expires_at(*next);
  alarm_timer_.async_wait(
    [this, alive = caf::strong_actor_ptr(ctrl())](const boost::system::error_code& error) {
      if (error)
        return;
      const auto now = clock::now();
      while (const auto due = alarms_.take_due(now))
        on_alarm(*due);
      pump();
      check_drained();
      arm_alarm_timer();
    });
}

void pool_actor::on_alarm(const task_alarms::alarm& due) {
  const auto* entry = ledger_.find(due.task);
  switch (due.why) {
  case task_alarms::purpose::expire:
    if (entry != nullptr && entry->attempt <= 1)
      expire(due.task);
    break;
  case task_alarms::purpose::timeout:
    if (entry != nullptr && entry->attempt == due.attempt && !entry->stopping &&
        entry->where == policy::task_ledger::place::in_child)
      check_timeout(due);
    break;
  case task_alarms::purpose::escalate:
    // Its next attempt may be in the very same place. No entry: the task has its outcome, and runs on.
    if ((entry == nullptr || entry->attempt == due.attempt) && supervisor_.has(due.seat) &&
        supervisor_[due.seat].book().at(due.slot) == due.task) {
      dispatcher_.stop_child(due.seat);
      supervisor_.end(due.seat, options_->cancel_grace,
        "its task " + std::to_string(due.task.id) + " did not stop when it was asked to");
    }
    break;
  case task_alarms::purpose::retry:
    if (entry != nullptr && entry->where == policy::task_ledger::place::queued)
      enqueue_ranked(due.task, *entry, due.when.time_since_epoch());
    break;
  }
}

void pool_actor::expire(policy::task_key key) {
  const auto* entry = ledger_.find(key);
  if (entry->where == policy::task_ledger::place::in_child) {
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

void pool_actor::check_timeout(const task_alarms::alarm& due) {
  auto* entry = ledger_.find(due.task);
  const auto timeout = entry->task->options->timeout;
  const auto now = clock::now();
  auto again = due;
  const auto started = supervisor_[entry->seat].started_at(entry->slot);
  // What the child says of its start is not trusted further than it can hurt anybody else.
  again.when = started ? std::min(*started, now) + timeout : now + timeout;
  if (again.when > now) {
    set_alarm(again);
    return;
  }
  const auto failure = timeout_error(due.task, *entry->task);
  stop_running(due.task, *entry);
  if (will_retry(*entry, failure)) {
    entry->stopping = true; // and tried again when this attempt is over
    return;
  }
  ++counts_.timed_out;
  resolve(due.task, outcome::failure(failure));
}

} // namespace troupe::parent
