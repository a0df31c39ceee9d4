#include "policy/pool_machine.hpp"
#include "policy/task_title.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

// The slots of a pool: how many there are, tasks that are meant for one of them, and what runs in each.
namespace troupe::policy {

namespace {

task_cancelled no_such_slot(task_key key, const detail::task_state& task) {
  return task_cancelled(task_title(key, task) +
                        " was dropped: the pool was resized, and has no slot " +
                        std::to_string(task.slot) + " any more");
}

running_task describe_running(const task_ledger::entry& entry, std::size_t slot,
  pool_machine::time_point started, pool_machine::time_point now) {
  running_task result;
  result.id = entry.item_id();
  if (entry.task->options)
    result.name = entry.task->options->name;
  if (result.name.empty())
    result.function = function_of(entry.task->code);
  result.slot = slot;
  result.attempt = entry.attempt;
  // What a child says of its start is believed as far as it can be true.
  result.age = now - std::clamp(started, std::min(entry.sent, now), now);
  return result;
}

} // namespace

// -- tasks for one slot ---------------------------------------------------------------------------------

// The child of a slot serves one queue, which needs children as long as the task waits.
void pool_machine::take_slot(task_key key, task_ledger::entry& entry) {
  const auto& table = supervision_.children();
  if (entry.task->slot >= table.slots())
    throw no_such_slot(key, *entry.task);
  entry.queue = table.queue_of(table.position_of(entry.task->slot));
  entry.has_queue = true;
  ++queued_[entry.queue];
}

void pool_machine::pump_slot(std::size_t slot, time_point now) {
  const auto& table = supervision_.children();
  if (slot >= table.slots()) {
    drop_tasks_of(slot);
    return;
  }
  const auto seat = table.ready_child(table.position_of(slot));
  while (slot_tasks_.waits_for(slot)) {
    const auto key = slot_tasks_.first(slot);
    if (const auto* entry = ledger_.find(key)) {
      const auto kind = entry->task->code.kind;
      if (!seat || !dispatcher_.give(*seat, kind))
        return;
      send({key, kind, *seat}, now);
    }
    slot_tasks_.drop_first(slot);
  }
}

void pool_machine::drop_tasks_of(std::size_t slot) {
  for (const auto key : slot_tasks_.take(slot))
    if (const auto* entry = ledger_.find(key))
      drop(key, std::make_exception_ptr(no_such_slot(key, *entry->task)));
}

// -- how many there are ---------------------------------------------------------------------------------

void pool_machine::resize(std::size_t processes, time_point now) {
  now_ = now;
  if (phase_ != phase::open)
    return;
  const auto& table = supervision_.children();
  for (auto slot = table.slots(); slot < processes; ++slot)
    scheduler_->register_process(table.queue_of(table.position_of(slot)));
  for (auto slot = processes; slot < table.slots(); ++slot) {
    scheduler_->unregister_process(table.queue_of(table.position_of(slot)));
    retire_child_of(slot);
  }
  supervision_.resize(processes, now);
}

void pool_machine::recycle(std::size_t slot, time_point now) {
  now_ = now;
  if (accepts_more_attempts() && slot < supervision_.children().slots())
    retire_child_of(slot);
}

void pool_machine::recycle_child(std::uint32_t seat, time_point now) {
  now_ = now;
  const auto& table = supervision_.children();
  if (accepts_more_attempts() && table.present(seat) && table[seat].phase == child_phase::ready)
    retire_child(seat);
}

void pool_machine::renew(time_point now) {
  now_ = now;
  if (phase_ == phase::open)
    supervision_.renew();
}

void pool_machine::retire_child_of(std::size_t slot) {
  const auto& table = supervision_.children();
  if (const auto seat = table.ready_child(table.position_of(slot)))
    retire_child(*seat);
}

void pool_machine::retire_child(std::uint32_t seat) {
  dispatcher_.stop_child(seat);
  take_back_unstarted(seat, dispatcher::unlimited);
  supervision_.retire(seat);
}

// -- what runs in each ----------------------------------------------------------------------------------

std::vector<std::pair<std::uint32_t, running_task>> pool_machine::running_tasks(
  time_point now) const {
  std::vector<std::pair<std::uint32_t, running_task>> result;
  const auto& table = supervision_.children();
  for (std::uint32_t seat = 0; seat < table.seats(); ++seat) {
    if (!table.present(seat) || dispatcher_.owed_by(seat) == 0)
      continue;
    for (const auto key : host_.port(seat).remaining().started)
      if (const auto* entry = ledger_.find(key))
        result.emplace_back(seat, describe_running(*entry, table[seat].slot,
                                    host_.port(seat).started_at(entry->cell).value_or(now), now));
  }
  const auto order = [](const auto& found) {
    return std::tuple(-found.second.age, found.first, found.second.id);
  };
  std::sort(result.begin(), result.end(),
    [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return result;
}

} // namespace troupe::policy
