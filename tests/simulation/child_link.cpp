#include "simulation/world.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <new>
#include <utility>

#include <csignal>

// The link of a child: what its parent does with it.
namespace troupe::simulation {

using namespace std::chrono_literals;

child::child(world& where, std::uint32_t seat, std::size_t position, std::size_t concurrency)
  : world_(where)
  , seat_(seat)
  , life_(++where.lives_)
  , position_(position)
  , book_(static_cast<std::uint32_t>(concurrency + max_tasks))
  , cells_(concurrency + max_tasks)
  , inbox_(concurrency) {
  exit.pid = static_cast<pid_t>(life_);
  exit.slot = position;
}

// -- what the parent does -------------------------------------------------------------------------------

std::uint32_t child::send(task_key task, const detail::task_ptr& what, std::uint32_t attempt) {
  if (world_.sends_fail_ && world_.random_.one_in(12)) {
    ++world_.seen_.send_failures;
    world_.tasks_[what->index].cancelled = true; // for a reason of its own
    throw std::bad_alloc();
  }
  world_.task_sent(*this, task, what, attempt);
  const auto index = book_.take(task, what->code.kind);
  auto& cell = cells_[index] = {};
  cell.now = cell_state::sent;
  cell.key = task;
  cell.task = static_cast<std::uint32_t>(what->index);
  cell.task_kind = what->code.kind;
  auto& record = world_.tasks_[cell.task];
  record.in_cell = true;
  record.seat = seat_;
  record.cell = index;
  ring_.push_back({false, index, task, 0});
  ++sent_tasks;
  poke();
  return index;
}

bool child::take_back(std::uint32_t index) {
  auto& cell = cells_[index];
  if (cell.now != cell_state::sent && cell.now != cell_state::taken_in)
    return false;
  world_.note("taken back", cell.key.id, seat_);
  ++world_.seen_.taken_back;
  world_.tasks_[cell.task].in_cell = false;
  cell.now = cell_state::free;
  book_.release(index);
  return true;
}

void child::request_stop(std::uint32_t index) {
  auto& cell = cells_[index];
  if (cell.now == cell_state::claimed && alive && !deaf) {
    cell.asked_to_stop = true;
    to_stop_.push_back(index);
    poke();
  }
}

std::optional<time_point> child::started_at(std::uint32_t index) const {
  const auto& cell = cells_[index];
  if (cell.now != cell_state::claimed && cell.now != cell_state::done)
    return std::nullopt;
  return cell.started;
}

policy::tasks_in_child child::remaining() const {
  policy::tasks_in_child result;
  book_.for_each_used([&](std::uint32_t index) {
    const auto& cell = cells_[index];
    const bool started = cell.now == cell_state::claimed || cell.now == cell_state::done;
    (started ? result.started : result.unstarted).push_back(cell.key);
  });
  if (!alive) {
    result.culprit = culprit_;
    result.in_transfer = in_transfer_;
    result.blameless = blameless_;
  }
  return result;
}

void child::read() {
  const auto messages = std::exchange(written_, {});
  for (const auto& each : messages)
    report(each);
}

policy::child_pulse child::pulse() const {
  return {world_.now_ < debugged_until, stopped, on_cpu_.has_value()};
}

policy::lent_place child::place_of(const message& what) const {
  const auto& cell = cells_[what.cell];
  return {what.key, cell.task_kind, world_.tasks_[cell.task].nesting, what.start};
}

void child::report(const message& what) {
  switch (what.what) {
  case said::ready:
    world_.note("ready", seat_, position_);
    world_.machine_->child_ready(seat_, world_.now_);
    world_.had_ready_ |= world_.is_able(seat_); // not if it has been told to leave meanwhile
    world_.had_spare_ |=
      world_.machine_->children().children()[seat_].phase == policy::child_phase::spare;
    break;
  case said::outcome: {
    const auto cell = cells_[what.cell];
    auto& record = world_.tasks_[cell.task];
    const auto attempt = record.starts;
    cells_[what.cell].now = cell_state::free;
    book_.release(what.cell);
    hostages_since.reset(); // what makes progress holds nothing back
    record.in_cell = false;
    world_.note("outcome", what.key.id, seat_);
    if (record.options)
      record.may_wait_until = world_.now_ + record.options->retries.max_backoff;
    const std::array<std::uint64_t, 2> value{cell.task, attempt};
    policy::child_outcome came;
    came.task = what.key;
    came.kind = cell.task_kind;
    came.threw = what.threw;
    came.payload = std::as_bytes(std::span(value));
    came.elapsed = what.elapsed;
    world_.machine_->task_ended(seat_, came, world_.now_);
    break;
  }
  case said::lent:
    ++world_.seen_.lent;
    world_.note("lent", what.key.id, seat_);
    world_.machine_->task_lent(seat_, place_of(what), world_.now_);
    break;
  case said::reclaimed:
    world_.note("reclaimed", what.key.id, seat_);
    world_.machine_->task_reclaimed(seat_, place_of(what), world_.now_);
    break;
  case said::submits:
    world_.submit_nested(*this, what.cell, what.start);
    break;
  }
}

void child::answer(std::uint32_t index, std::uint64_t start) {
  ring_.push_back({true, index, {}, start});
  poke();
}

} // namespace troupe::simulation
