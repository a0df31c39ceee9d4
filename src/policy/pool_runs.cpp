#include "policy/pool_machine.hpp"

#include <algorithm>
#include <utility>

// What is told of each run of a task, while somebody wants to know.
namespace troupe::policy {

using detail::outcome;

// What there is in a child, as far as it has been begun.
std::optional<ended_run::span> pool_machine::time_in_child(
  const task_ledger::entry& entry) noexcept {
  if (entry.where != task_ledger::place::in_child || entry.cell == task_ledger::no_cell ||
      !supervision_.children().present(entry.seat))
    return std::nullopt;
  const auto began = port(entry.seat).started_at(entry.cell);
  if (!began)
    return std::nullopt;
  const auto end = std::max(now_, entry.sent);
  const auto begin = std::clamp(*began, entry.sent, end);
  return ended_run::span{begin, end - begin};
}

void pool_machine::tell_run(ended_run run, std::optional<std::chrono::nanoseconds> ran) noexcept {
  const auto& entry = run.entry;
  run.when = ran ? std::optional(ended_run::span{entry.began, *ran}) : time_in_child(entry);
  run.queued = ledger_.queued_count();
  run.now = now_;
  if (run.when) {
    run.seat = entry.seat;
    run.slot = supervision_.children()[entry.seat].slot;
  }
  // The items of a divided batch that are over have not been told of. They have run together with the rest, if that has
  // ended with a value as well.
  if (entry.first > 0) {
    const bool value = run.result != nullptr && run.result->what == outcome::kind::value;
    if (value) {
      run.items += entry.first;
      run.failed += entry.first_failed;
    } else {
      auto before = run;
      const outcome ended{outcome::kind::value, {}, nullptr};
      before.result = &ended;
      before.cancelled = before.again = false;
      before.items = entry.first;
      before.failed = entry.first_failed;
      if (run.when) {
        const auto time =
          std::min<clock::duration>(item_time_.value() * entry.first, run.when->began - entry.sent);
        before.when = {run.when->began - time, time};
      }
      host_.run_ended(before);
    }
  }
  host_.run_ended(run);
}

} // namespace troupe::policy
