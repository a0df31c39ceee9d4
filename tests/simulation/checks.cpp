#include "simulation/world.hpp"

#include "base/limits.hpp"
#include "values/error_text.hpp"

#include <troupe/detail/batch.hpp>
#include <troupe/errors.hpp>

#include <algorithm>
#include <cstring>
#include <sstream>

// What must hold, whatever happens.
namespace troupe::simulation {

using namespace std::chrono_literals;
using policy::child_phase;

const detail::task_state& world::part_of(std::uint32_t index) const {
  const auto* part = tasks_[index].state.get();
  while (part->is_batch() && index >= part->index + part->items)
    part = part->rest.get();
  return *part;
}

// -- no task runs more often than it may ----------------------------------------------------------------

void world::task_sent(
  child& to, task_key key, const detail::task_ptr& what, std::uint32_t attempt) {
  note("sent", key.id, to.seat_);
  check(!what->done(), "a task is sent that has its outcome", key.id);
  const auto first = static_cast<std::uint32_t>(what->index);
  remember(key.id, first); // that of a part which has come back is new
  seen_.batches += what->is_batch() ? 1 : 0;
  check(what->slot == detail::task_state::any_slot ||
          what->slot == machine_->children().children()[to.seat_].slot,
    "a task goes to the child of another slot", key.id, to.seat_);
  for (std::uint32_t i = 0; i < what->size(); ++i) {
    check(&part_of(first + i) == what.get(), "a batch is sent with an item that is not its own",
      key.id, i);
    check_item_sent(to, key, first + i, attempt);
  }
}

void world::check_item_sent(child& to, task_key key, std::uint32_t index, std::uint32_t attempt) {
  auto& task = tasks_[index];
  check(!task.in_cell && !task.running, "a task is in two children", key.id, to.seat_);
  check(attempt == task.starts + 1, "attempts are not counted right", attempt, task.starts + 1);
  check(is_able(to.seat_), "a task is sent to a child that takes none", key.id, to.seat_);
  check(rules_.tasks_per_child == 0 || to.used() < rules_.tasks_per_child,
    "a child gets more tasks than its budget", to.seat_, to.used());
  check(
    task.queue == machine_->children().children()[to.seat_].queue || (may_move_ && !task.for_slot),
    "a task goes to a child of another queue", key.id, to.seat_);
  if (task.queue != machine_->children().children()[to.seat_].queue)
    ++seen_.moved;
  check(machine_->children().children().in_use(machine_->children().children()[to.seat_].position),
    "a task is sent to a child whose slot is gone", key.id, to.seat_);
  seen_.for_slots += task.for_slot ? 1 : 0;
  const auto runs_alone = [](const task_record& one) {
    return one.failed_deliveries > 0 && one.starts == 0 && one.nesting == 0 && !one.for_slot;
  };
  check(!runs_alone(task) || to.used() == 0, "a suspect is not alone", key.id, to.seat_);
  for (const auto another : open_) {
    const auto& other = tasks_[another];
    check(!other.in_cell || other.seat != to.seat_ || !runs_alone(other) || task.nesting > 0,
      "a suspect gets company", other.state->id, key.id);
  }
  task.sent = true;
}

void world::task_claimed(child& in, std::uint32_t index) {
  auto& task = tasks_[in.cells_[index].task];
  const auto id = in.cells_[index].key.id;
  note("begun", id, in.seat_);
  check(!task.running, "a task runs in two children at once", id, in.seat_);
  if (task.starts > 0) {
    const bool has_options = task.options != nullptr;
    check(has_options, "a task is started again that must not be", id, task.starts);
    const auto& options = *task.options;
    const bool died = !task.written_at;
    const bool by_retries =
      task.starts < options.retries.max_attempts && (!died || options.retries.retry_on == nullptr);
    const bool late = options.timeout > 0ns && task.written_at &&
                      *task.written_at - task.started_at > options.timeout;
    const bool by_idempotence =
      options.idempotent && died && !task.was_culprit && task.starts < limits::max_attempts;
    const bool by_timeout =
      options.timeout > 0ns && died && task.starts < options.retries.max_attempts;
    check(by_retries || by_idempotence || by_timeout,
      "a task is started more often than its options allow", id, task.starts);
    check(died || task.written == end_of_attempt::throws || late,
      "a task is started again that had a value", id, task.starts);
  }
  ++task.starts;
  task.running = true;
  task.started_at = now_;
  task.written_at.reset();
  task.was_culprit = false;
  if (rules_.tasks_per_child != 0)
    check(in.starts_ <= rules_.tasks_per_child, "a child starts more tasks than its budget",
      in.seat_, in.starts_);
}

// -- each task has the outcome that it must have ----------------------------------------------------------

void world::check_resolved(std::uint32_t index) {
  auto& task = tasks_[index];
  task.resolved = true;
  const auto& part = part_of(index);
  const auto id = part.id;
  note("resolved", id, index);
  auto result = detail::item_outcome::of(part.result());
  check(task.in_batch || task.left == task.scheduled,
    "the scheduler does not know of the end of a task", id);
  if (part.is_batch() && result.what == detail::outcome::kind::value) {
    detail::record_reader records(result.payload);
    auto record = records.next();
    for (auto before = part.index; record && before < index; ++before)
      record = records.next();
    check(record.has_value(), "a batch lacks the result of an item", id, index);
    if (!record)
      return;
    result.what = record->threw ? detail::outcome::kind::threw : detail::outcome::kind::value;
    result.payload = record->content;
  }
  if (result.what == detail::outcome::kind::failed) {
    check_failure(task, *result.error);
  } else {
    const bool value = result.what == detail::outcome::kind::value;
    ++(value ? seen_.values : seen_.throws);
    std::array<std::uint64_t, 2> content{};
    check(result.payload.size() == sizeof content, "a result is damaged", id);
    std::memcpy(content.data(), result.payload.data(), sizeof content);
    check(content[0] == index && content[1] == task.starts, "a task has the result of another", id);
    check(
      task.written_at && task.written == (value ? end_of_attempt::value : end_of_attempt::throws),
      "a task has a result that it did not write", id);
  }
  if (task.asker_start == 0)
    return;
  if (auto* const asker = find(task.asker_seat, task.asker_life); asker != nullptr && asker->alive)
    asker->answer(task.asker_cell, task.asker_start);
}

void world::check_failure(const task_record& task, const std::exception_ptr& error) {
  const auto id = task.state->id;
  try {
    std::rethrow_exception(error);
  } catch (const child_lost& lost) {
    ++seen_.lost;
    if (task.failed_deliveries >= limits::max_failed_deliveries) {
      ++seen_.undeliverable;
      check(lost.culprit(), "an undeliverable task is not its own culprit", id);
    } else {
      check(task.starts > 0 && !task.running, "a task is lost that had not been started", id);
      check(!task.written_at, "a task is lost whose outcome was written", id);
      check(lost.culprit() == task.was_culprit, "the wrong task is blamed", id);
    }
  } catch (const task_timeout&) {
    ++seen_.timeouts;
    const auto due = task.started_at + task.options->timeout;
    check(task.starts > 0 && now_ >= due, "a timeout comes too soon", id);
    check(!task.written_at || *task.written_at >= due,
      "a task times out whose outcome was written in time", id);
  } catch (const task_expired&) {
    ++seen_.expired;
    check(task.starts == 0, "a task expires that has been started", id);
    check(now_ >= task.submitted_at + task.options->expires, "a task expires too soon", id);
  } catch (const task_cancelled&) {
    ++seen_.cancelled;
    const bool slot_gone =
      task.for_slot && task.state->slot >= machine_->children().children().slots();
    seen_.slots_gone += slot_gone ? 1 : 0;
    check(
      task.cancelled || terminated_ || slot_gone, "a task is cancelled that nobody cancelled", id);
  } catch (const pool_closed&) {
    ++seen_.rejected;
    ++rejected_;
    check(closed_, "a task is rejected by a pool that is open", id);
  } catch (const std::bad_alloc&) {
    check(task.cancelled && sends_fail_, "a task fails without a reason", id);
  } catch (const std::exception&) {
    if (task.scheduled || task.for_slot || id == 0)
      check(has_failed(), "a task fails with its pool, which has not", id);
    if (has_failed() && id == 0)
      ++rejected_;
  } catch (...) {
    check(has_failed(), "a task fails with its pool, which has not", id);
    if (id == 0)
      ++rejected_;
  }
}

// -- the pool gives up for a reason only ------------------------------------------------------------------

void world::failed(const std::exception_ptr& reason) {
  check(!gave_up_, "a pool fails twice");
  gave_up_ = closed_ = true;
  ++seen_.gave_up;
  note("gives up");
  if (told_to_fail_)
    return;
  const auto& restart = rules_.children.restart;
  const auto text = values::message_of(reason);
  if (text.find("children died within") != std::string::npos)
    check(own_deaths_ > restart.intensity, "a pool gives up for deaths of its tasks", own_deaths_);
  else if (had_ready_ && !(failing_spare_ && !had_spare_))
    check(without_ready_since_ && now_ - *without_ready_since_ >= restart.give_up_after,
      "a pool that has worked gives up too soon", failed_starts_);
  else
    check(failed_starts_ > 0, "a pool gives up without a failed start");
}

// -- after each event of the parent -----------------------------------------------------------------------

bool world::is_able(std::uint32_t seat) const {
  const auto& table = machine_->children().children();
  return table.present(seat) &&
         (table[seat].phase == child_phase::ready || table[seat].phase == child_phase::retiring ||
           table[seat].phase == child_phase::spare);
}

// Those that are retiring only wait for their successors.
bool world::may_serve(std::uint32_t seat) const {
  return is_able(seat) && machine_->children().children()[seat].phase != child_phase::retiring;
}

void world::check_after_event() {
  for (std::size_t i = 0; i < open_.size();) {
    const auto index = open_[i];
    if (!part_of(index).done()) {
      ++i;
      continue;
    }
    open_[i] = open_.back();
    open_.pop_back();
    check_resolved(index);
  }
  check_counts();
  check_children();
  const auto alarm = machine_->next_alarm();
  if (alarm && *alarm <= now_)
    return; // it has not been told of the time yet
  check_times();
  check_ages();
  check_positions();
  check_waiting();
  check_hostages();
}

void world::check_counts() {
  const auto stats = machine_->stats();
  std::size_t in_children = 0;
  std::size_t unsent = 0;
  for (const auto index : open_) {
    in_children += tasks_[index].in_cell ? 1 : 0;
    unsent += tasks_[index].sent || !tasks_[index].is_first ? 0 : 1;
  }
  check(stats.running == in_children, "the number of running tasks is wrong", stats.running,
    in_children);
  check(stats.queued == open_.size() - in_children, "the number of queued tasks is wrong",
    stats.queued, open_.size() - in_children);
  const auto ended =
    stats.succeeded + stats.failed + stats.lost + stats.timed_out + stats.expired + stats.cancelled;
  check(stats.submitted == ended + open_.size(), "the counters do not add up", stats.submitted,
    ended + open_.size());
  check(stats.submitted + rejected_ == submitted_, "a task is not counted", stats.submitted,
    submitted_);
  check(made_room_ == rooms_ - unsent, "room is not made once for each task", made_room_,
    rooms_ - unsent);
}

void world::run_ended(const policy::ended_run& run) noexcept {
  if (!run.again) {
    told_ += run.items;
    told_failed_ += run.failed;
  }
  check(run.failed <= run.items, "more has failed than has ended", run.failed, run.items);
  if (run.when)
    check(run.when->ran >= 0ns && run.when->began + run.when->ran <= now_,
      "a run ends in the future", run.entry.id);
}

void world::check_children() {
  const auto& table = machine_->children().children();
  bool ready = false;
  for (std::uint32_t seat = 0; seat < children_.size(); ++seat) {
    if (children_[seat] == nullptr)
      continue;
    check(table.present(seat), "a child is forgotten", seat);
    ready |= may_serve(seat);
    // A pool that has failed keeps no accounts of places: nothing is sent any more.
    check(machine_->failure() != nullptr || machine_->owed_by(seat) == children_[seat]->used(),
      "a place in a child is lost", machine_->owed_by(seat), children_[seat]->used());
  }
  if (ready)
    without_ready_since_.reset();
  else if (had_ready_ && !without_ready_since_)
    without_ready_since_ = now_;
}

// What is due has been done.
void world::check_ages() {
  const auto& table = machine_->children().children();
  for (std::uint32_t seat = 0; seat < table.seats() && rules_.age_per_child > 0ms; ++seat)
    if (table.present(seat) && children_[seat]) {
      const bool old = now_ - children_[seat]->ready_since >= rules_.age_per_child;
      check(!old || table[seat].phase != policy::child_phase::ready,
        "a child takes tasks at an age at which it is to leave", seat);
      seen_.grown_old += old && table[seat].phase == policy::child_phase::retiring ? 1 : 0;
    }
}

void world::check_times() {
  for (const auto index : open_) {
    const auto& task = tasks_[index];
    const auto& options = task.options;
    if (!options)
      continue;
    check(
      options->expires == 0ns || task.starts > 0 || now_ <= task.submitted_at + options->expires,
      "a task has not expired that should have", task.state->id);
    check(options->timeout == 0ns || !task.running || task.starts < options->retries.max_attempts ||
            now_ <= std::max(task.started_at + options->timeout + limits::max_timeout_delay,
                      paused_until_),
      "a task runs longer than its timeout", task.state->id);
  }
}

// Each position has a child, or waits for the time of its start.
void world::check_positions() {
  if (closed_)
    return;
  const auto& table = machine_->children().children();
  for (std::size_t position = 0; position < table.all_positions(); ++position)
    check(!table.in_use(position) ||
            table.has_child(
              position, {child_phase::starting, child_phase::spare, child_phase::ready}) ||
            now_ <= std::max(vacant_until_[position], paused_until_),
      "a position has no child", position);
}

// What waits behind a function that keeps the CPU does not wait for long while another child is idle.
void world::check_hostages() {
  const auto& table = machine_->children().children();
  const auto patience =
    rules_.cpus < table.all_positions() ? limits::crowded_take_back_after : limits::take_back_after;
  const auto is_idle = [&](std::uint32_t seat) {
    return table[seat].phase == child_phase::ready && children_[seat]->used() == 0;
  };
  for (std::uint32_t seat = 0; seat < children_.size(); ++seat) {
    if (children_[seat] == nullptr)
      continue;
    auto& holder = *children_[seat];
    bool idle = false;
    for (std::uint32_t other = 0; other < children_.size(); ++other)
      idle |= children_[other] != nullptr && other != seat &&
              table[other].queue == table[seat].queue && is_idle(other);
    if (!idle || !holder.holds_hostages())
      holder.hostages_since.reset();
    else if (!holder.hostages_since)
      holder.hostages_since = now_;
    else
      check(now_ <= std::max(*holder.hostages_since, paused_until_) + limits::batch_patience +
                      3 * patience,
        "tasks wait behind a long one while a child is idle", seat);
  }
}

// Nothing waits while a child of its queue is idle. (One that waits for another attempt has a delay.) But a short function
// waits for the crew, and what is behind it for the function, until the crew has another member.
void world::check_waiting() {
  std::fill(waiting_.begin(), waiting_.end(), 0);
  for (const auto index : open_) {
    const auto& task = tasks_[index];
    if (task.in_cell || task.may_wait_until >= now_)
      continue;
    if (task.for_slot) {
      check_waiting_for(task);
      continue;
    }
    ++waiting_[task.queue];
  }
  const auto& table = machine_->children().children();
  const auto patience =
    rules_.cpus < table.all_positions() ? 3 * limits::crowded_take_back_after : 0us;
  std::vector<bool> has_idle(waiting_.size());
  for (std::uint32_t seat = 0; seat < children_.size(); ++seat)
    if (children_[seat] != nullptr && table[seat].phase == child_phase::ready &&
        children_[seat]->used() == 0)
      has_idle[table[seat].queue] = true;
  for (std::size_t queue = 0; queue < waiting_.size(); ++queue) {
    auto& since = waits_since_[queue];
    if (!has_idle[queue] || waiting_[queue] == 0)
      since.reset();
    else if (!since)
      since = now_;
    check(!since || (patience > 0us && now_ < std::max(*since, paused_until_) + patience),
      "a task waits while a child is idle", queue, waiting_[queue]);
  }
}

void world::check_waiting_for(const task_record& task) {
  const auto& table = machine_->children().children();
  check(task.state->slot < table.slots(), "a task waits for a slot that is gone", task.state->id);
  const auto seat = table.ready_child(table.position_of(task.state->slot));
  check(
    !seat || children_[*seat]->used() > 0, "a task waits while its child is idle", task.state->id);
}

void world::check_end() {
  check(open_.empty(), "tasks are never resolved", open_.empty() ? 0 : tasks_[open_[0]].state->id,
    open_.size());
  check(all_down_ == 1, "the end of the pool is not told");
  check(made_room_ == rooms_, "room is not made once for each task", made_room_, rooms_);
  for (const auto& task : tasks_)
    check(!task.in_batch || task.left == task.scheduled,
      "the scheduler does not know of the end of a batch");
  const auto stats = machine_->stats();
  check(stats.queued == 0 && stats.running == 0, "something is left", stats.queued, stats.running);
  const auto failed = stats.failed + stats.lost + stats.timed_out + stats.expired;
  const auto ended = stats.succeeded + failed + stats.cancelled;
  check(told_ == ended, "not each end is told once", told_, ended);
  check(told_failed_ == failed, "not each failure is told as one", told_failed_, failed);
  seen_.retried += stats.retried;
  seen_.drained += machine_->drained() ? 1 : 0;
}

// -- what is said of a failure ----------------------------------------------------------------------------

void world::violate(const char* rule, std::uint64_t a, std::uint64_t b) {
  violation_ =
    std::string(rule) + " (" + std::to_string(a) + ", " + std::to_string(b) + ")" + describe();
}

// The children and the open tasks, as they are now.
std::string world::describe() const {
  std::ostringstream out;
  const auto& table = machine_->children().children();
  for (std::uint32_t seat = 0; seat < children_.size(); ++seat)
    if (children_[seat] != nullptr)
      out << "\n  child " << seat << " at " << table[seat].position << " of queue "
          << table[seat].queue << ": " << to_string(table[seat].phase) << ", has "
          << children_[seat]->used() << " tasks, was sent " << children_[seat]->sent_tasks
          << (children_[seat]->alive ? "" : ", is dead")
          << (children_[seat]->stopped ? ", is stopped" : "")
          << (children_[seat]->deaf ? ", is deaf" : "");
  for (const auto index : open_) {
    const auto& task = tasks_[index];
    out << "\n  task " << task.state->id << " of queue " << task.queue << ": kind "
        << static_cast<int>(task.task_kind) << ", nesting " << task.nesting << ", starts "
        << task.starts << (task.running ? ", runs" : "")
        << (task.in_cell ? ", in child " : ", waits; was in child ") << task.seat
        << ", failed deliveries " << task.failed_deliveries;
  }
  return out.str();
}

std::string world::trace() const {
  std::ostringstream out;
  out << "\nbefore that:";
  for (std::size_t i = traced_ < trace_.size() ? 0 : traced_ - trace_.size(); i < traced_; ++i) {
    const auto& each = trace_[i % trace_.size()];
    out << "\n  " << std::chrono::duration<double, std::milli>(each.when - time_point(1h)).count()
        << " ms: " << each.what << ' ' << each.a << ' ' << each.b;
  }
  return out.str();
}

} // namespace troupe::simulation
