#include "base/limits.hpp"
#include "simulation/world.hpp"

#include <algorithm>
#include <utility>

#include <csignal>

// What happens to a child, and inside it.
namespace troupe::simulation {

using namespace std::chrono_literals;

// -- what happens to it ---------------------------------------------------------------------------------

void child::poke() {
  if (turn_pending_ || !alive)
    return;
  turn_pending_ = true;
  world_.at(world_.now_ + world_.latency(), event_kind::turn, seat_, 0, life_);
}

void child::happen(const event& what) {
  if (stopped) {
    deferred_.push_back(what);
    return;
  }
  switch (what.what) {
  case event_kind::prepared:
    ready_written = world_.now_;
    say({said::ready});
    break;
  case event_kind::fail_start:
    die(std::nullopt, false, 0);
    break;
  case event_kind::turn:
    turn_pending_ = false;
    turn();
    break;
  case event_kind::step:
    if (cells_[what.b].ticket == what.ticket && cells_[what.b].now == cell_state::claimed)
      step(what.b);
    break;
  case event_kind::leave:
    die(std::nullopt, true, 0);
    break;
  default: // SIGTERM
    if (!ignores_term)
      die(std::nullopt, true, SIGTERM);
    break;
  }
}

void child::go_on() {
  if (!std::exchange(stopped, false))
    return;
  for (auto each : std::exchange(deferred_, {})) {
    each.when = world_.now_;
    world_.events_.push_back(each);
    std::push_heap(world_.events_.begin(), world_.events_.end());
  }
}

void child::die(std::optional<task_key> culprit, bool blameless, int signal) {
  if (!alive)
    return;
  world_.note("dies", seat_, culprit ? culprit->id : 0);
  alive = false;
  culprit_ = culprit;
  blameless_ = blameless || ended_by_pool;
  exit.signal = signal;
  exit.exit_code = signal == 0 ? 0 : -1;
  book_.for_each_used([&](std::uint32_t index) {
    auto& record = world_.tasks_[cells_[index].task];
    if (cells_[index].now != cell_state::claimed)
      return;
    record.running = false;
    record.was_culprit = culprit == cells_[index].key;
  });
  // It may just have been reading one.
  if (!in_transfer_ && !blameless_ && world_.random_.one_in(3))
    for (const auto& each : ring_)
      if (!each.is_answer && cells_[each.cell].key == each.key &&
          cells_[each.cell].now == cell_state::sent) {
        in_transfer_ = each.key;
        break;
      }
  if (is_launched)
    world_.at(world_.now_ + world_.latency(), event_kind::down, seat_, 0, life_);
}

void child::become_known() {
  is_launched = true;
  if (!written_.empty())
    world_.bell(*this);
  if (!alive)
    world_.at(world_.now_ + world_.latency(), event_kind::down, seat_, 0, life_);
  else if (ended_by_pool)
    die(std::nullopt, true, SIGKILL);
}

bool child::holds_hostages() const {
  if (!alive)
    return false;
  bool any = false;
  book_.for_each_used([&](std::uint32_t index) {
    const auto& cell = cells_[index];
    // Behind a coroutine, of which nobody expects that, only batches are looked at.
    any |= on_cpu_ && (cell.now == cell_state::sent || cell.now == cell_state::taken_in) &&
           (cells_[*on_cpu_].task_kind == kind::plain || cell.items > 0);
    any |= (index == on_cpu_ || cell.lingers || cell.task_kind == kind::blocking) &&
           cell.now == cell_state::claimed && !cell.closed && cell.claimed < cell.items;
  });
  return any;
}

// -- its loop -------------------------------------------------------------------------------------------

void child::turn() {
  if (!alive || on_cpu_)
    return;
  if (!deaf)
    take_in();
  if (!alive)
    return;
  for (const auto index : std::exchange(to_stop_, {}))
    if (cells_[index].asked_to_stop && cells_[index].now == cell_state::claimed)
      stop_task(index);
  for (const auto index : std::exchange(wants_loop_, {})) {
    if (cells_[index].now == cell_state::claimed)
      advance(index);
    if (!alive)
      return;
  }
  resume_waiting();
  if (!deaf)
    start_tasks();
  if (may_leave() && !std::exchange(leaving_, true) && !hangs_at_exit)
    world_.at(world_.now_ + 100us, event_kind::leave, seat_, 0, life_);
}

bool child::may_leave() const noexcept {
  return draining && !deaf && !on_cpu_ && ring_.empty() && inbox_.active() == 0 &&
         inbox_.lent() == 0 && inbox_.waiting() == 0;
}

void child::take_in() {
  while (!ring_.empty()) {
    const auto next = ring_.front();
    auto& cell = cells_[next.cell];
    if (next.is_answer) {
      ring_.pop_front();
      if (cell.now == cell_state::claimed && cell.start == next.start && cell.waits_for > 0 &&
          --cell.waits_for == 0 && cell.task_kind != kind::plain)
        wants_loop_.push_back(next.cell);
      continue;
    }
    if (next.is_poison) {
      if (cell.key == next.key && cell.now == cell_state::sent)
        in_transfer_ = next.key;
      die(std::nullopt, false, SIGKILL);
      return;
    }
    ring_.pop_front();
    if (cell.key == next.key && cell.now == cell_state::sent)
      cell.now = cell_state::taken_in;
    inbox_.push(
      {next.cell, next.key}, world_.record(next.key).task_kind, world_.record(next.key).nesting);
  }
}

// Only the function on the top of the stack can go on.
void child::resume_waiting() {
  if (on_cpu_ || stack_.empty() || cells_[stack_.back()].waits_for > 0)
    return;
  const auto index = stack_.back();
  stack_.pop_back();
  end_wait(index);
  on_cpu_ = index;
}

void child::start_tasks() {
  while (!on_cpu_ && inbox_.can_start()) {
    const auto next = inbox_.take();
    auto& cell = cells_[next.cell];
    if (cell.key == next.key && (cell.now == cell_state::taken_in || cell.now == cell_state::sent))
      begin(next.cell);
    else
      inbox_.finished(); // taken back by the parent
  }
}

void child::begin(std::uint32_t index) {
  auto& cell = cells_[index];
  cell.now = cell_state::claimed;
  cell.begun = world_.now_;
  begin_item(index);
}

void child::begin_item(std::uint32_t index) {
  auto& cell = cells_[index];
  cell.task = cell.first_task + cell.claimed++;
  cell.started = world_.now_;
  cell.start = ++starts_;
  cell.part = 0;
  cell.asked_to_stop = false;
  world_.task_claimed(*this, index);
  cell.does = world_.make_script(world_.tasks_[cell.task]);
  cell.ticket = ++world_.tickets_;
  // A coroutine of a batch runs in one step, or waits: for tasks that it has submitted in that step, or for anything.
  cell.lingers = cell.items > 0 && cell.task_kind == kind::coroutine &&
                 (cell.does.nested > 0 || world_.random_.one_in(6));
  if (keeps_cpu(cell))
    on_cpu_ = index;
  if (cell.lingers) {
    ++world_.seen_.lingered;
    if (cell.does.nested == 0 || deaf || world_.random_.one_in(2)) {
      say({said::lingers, index, cell.key, cell.start});
    } else {
      wait_for_nested(index);
      return;
    }
  }
  world_.at(world_.now_ + cell.does.first, event_kind::step, seat_, index, life_, cell.ticket);
}

// Whether it begins another item of the batch.
bool child::goes_on(const place& cell) {
  return !cell.closed && !cell.lingers && cell.claimed < cell.items &&
         world_.now_ - cell.begun < limits::batch_time && !world_.random_.one_in(20);
}

void child::step(std::uint32_t index) {
  auto& cell = cells_[index];
  if (keeps_cpu(cell)) {
    on_cpu_.reset();
    advance(index);
    turn();
  } else if (cell.task_kind == kind::blocking && cell.does.how == end_of_attempt::crash &&
             cell.does.nested == 0) {
    // Its thread needs no loop for that, and a plain function may be there.
    die(world_.random_.one_in(2) ? std::optional(cell.key) : std::nullopt, false, SIGSEGV);
  } else if (cell.task_kind == kind::blocking && cell.items > 0 && cell.does.nested == 0 &&
             !world_.random_.one_in(12)) {
    finish_on_thread(index);
  } else {
    wants_loop_.push_back(index);
    turn();
  }
}

// The outcome of an item of a batch that has nothing to do with the loop, which is told at the end of the batch.
void child::finish_on_thread(std::uint32_t index) {
  auto& cell = cells_[index];
  ++world_.seen_.on_threads;
  finish_item(index);
  if (goes_on(cell)) {
    begin_item(index);
    return;
  }
  cell.over = true;
  wants_loop_.push_back(index);
  turn();
}

void child::advance(std::uint32_t index) {
  auto& cell = cells_[index];
  if (cell.over) {
    end(index);
    return;
  }
  if (cell.lent) {
    end_wait(index);
    return;
  }
  if (cell.part == 0 && cell.does.nested > 0 && !deaf && !cell.asked_to_stop)
    wait_for_nested(index);
  else
    finish(index);
}

void child::wait_for_nested(std::uint32_t index) {
  auto& cell = cells_[index];
  cell.part = 1;
  cell.waits_for = cell.does.nested;
  cell.lent = true;
  for (std::uint32_t i = 0; i < cell.does.nested; ++i)
    say({said::submits, index, cell.key, cell.start});
  inbox_.lend(cell.key.id, cell.task_kind, world_.tasks_[cell.task].nesting, cell.start);
  if (cell.task_kind == kind::plain)
    stack_.push_back(index);
  say({said::lent, index, cell.key, cell.start});
}

void child::end_wait(std::uint32_t index) {
  auto& cell = cells_[index];
  cell.lent = false;
  inbox_.reclaim(cell.key.id);
  say({said::reclaimed, index, cell.key, cell.start});
  cell.ticket = ++world_.tickets_;
  const auto rest = cell.asked_to_stop && cell.does.obeys ? nanoseconds(1us) : cell.does.second;
  world_.at(world_.now_ + rest, event_kind::step, seat_, index, life_, cell.ticket);
}

void child::stop_task(std::uint32_t index) {
  auto& cell = cells_[index];
  if (!cell.does.obeys || cell.part == 2 || cell.over)
    return;
  cell.part = 2;
  if (cell.lent) {
    cell.waits_for = 0;
    if (cell.task_kind != kind::plain)
      wants_loop_.push_back(index);
    return;
  }
  cell.does.how = end_of_attempt::throws;
  cell.ticket = ++world_.tickets_;
  world_.at(world_.now_ + 10us, event_kind::step, seat_, index, life_, cell.ticket);
}

void child::finish(std::uint32_t index) {
  auto& cell = cells_[index];
  if (cell.does.how == end_of_attempt::crash) {
    die(cell.key, false, SIGSEGV);
    return;
  }
  finish_item(index);
  if (cell.items > 0) {
    cell.lingers =
      cell.lingers || cell.task_kind == kind::blocking; // which comes here for its last one
    if (goes_on(cell)) {
      begin_item(index);
      return;
    }
  }
  end(index);
}

void child::finish_item(std::uint32_t index) {
  auto& cell = cells_[index];
  auto& record = world_.tasks_[cell.task];
  record.running = false;
  record.written_at = world_.now_;
  record.written = cell.does.how;
  ++cell.finished;
  cell.threw.push_back(cell.does.how == end_of_attempt::throws);
  cell.attempts.push_back(record.starts);
}

void child::end(std::uint32_t index) {
  auto& cell = cells_[index];
  cell.now = cell_state::done;
  message what{said::outcome, index, cell.key, cell.start};
  what.threw = cell.does.how == end_of_attempt::throws;
  what.elapsed = world_.now_ - cell.begun;
  if (world_.children_lie_ && world_.random_.one_in(3))
    what.elapsed = nanoseconds(static_cast<std::int64_t>(world_.random_.word()));
  say(what);
  inbox_.finished();
}

void child::say(message what) {
  what.written = world_.now_;
  written_.push_back(what);
  world_.bell(*this);
}

} // namespace troupe::simulation
