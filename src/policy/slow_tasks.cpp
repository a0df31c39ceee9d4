#include "base/limits.hpp"
#include "policy/pool_machine.hpp"

#include <algorithm>

// Which tasks take long. As long as none does there is one look in that time, while children have tasks.
namespace troupe::policy {

void pool_machine::watch_slow_tasks(time_point now) {
  if (rules_.slow_after.count() > 0 && !slow_due_ && ledger_.in_child_count() > 0)
    slow_due_ = now + rules_.slow_after;
}

void pool_machine::look_for_slow_tasks(time_point now) {
  slow_due_.reset();
  auto next = now + rules_.slow_after;
  std::size_t left = limits::max_slow_tasks_told;
  for (std::uint32_t seat = 0; seat < supervision_.children().seats(); ++seat) {
    if (!supervision_.children().present(seat) || dispatcher_.owed_by(seat) == 0)
      continue;
    port(seat).read(); // what it has ended is not slow
    if (supervision_.children().present(seat))
      next = std::min(next, tell_slow_tasks_in(seat, left, now));
  }
  if (ledger_.in_child_count() > 0)
    slow_due_ = left > 0 ? next : now + limits::slow_tasks_pause;
}

pool_machine::time_point pool_machine::tell_slow_tasks_in(
  std::uint32_t seat, std::size_t& left, time_point now) {
  auto next = now + rules_.slow_after;
  for (const auto key : port(seat).remaining().started) {
    auto* const entry = ledger_.find(key);
    if (entry == nullptr || entry->where != task_ledger::place::in_child ||
        (entry->slow_attempt == entry->attempt && entry->slow_item == entry->item_id()))
      continue;
    const auto began =
      std::clamp(port(seat).started_at(entry->cell).value_or(now), std::min(entry->sent, now), now);
    if (began + rules_.slow_after > now) {
      next = std::min(next, began + rules_.slow_after);
    } else if (left > 0) {
      --left;
      entry->slow_attempt = entry->attempt;
      entry->slow_item = entry->item_id();
      host_.task_is_slow({*entry, seat, supervision_.children()[seat].slot, now - began,
        port(seat).thread_of(entry->cell)});
    }
  }
  return next;
}

std::shared_ptr<const detail::late_stack> pool_machine::ask_stack(
  const task_ledger::entry& entry) noexcept {
  const auto thread = port(entry.seat).thread_of(entry.cell);
  return thread == 0 ? nullptr : host_.ask_stack(entry.seat, thread, entry.item_id());
}

} // namespace troupe::policy
