#include "simulation/world.hpp"

#include <troupe/detail/batch.hpp>
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
    for (std::size_t i = 0; i < what->size(); ++i)
      world_.tasks_[what->index + i].cancelled = true; // for a reason of its own
    throw std::bad_alloc();
  }
  world_.task_sent(*this, task, what, attempt);
  const auto index = book_.take(task, what->code.kind);
  auto& cell = cells_[index] = {};
  cell.now = cell_state::sent;
  cell.key = task;
  cell.task = static_cast<std::uint32_t>(what->index);
  cell.task_kind = what->code.kind;
  cell.first_task = cell.task;
  cell.items = what->items;
  for (std::uint32_t i = 0; i < cell.size(); ++i) {
    auto& record = world_.tasks_[cell.first_task + i];
    record.in_cell = true;
    record.seat = seat_;
    record.cell = index;
    cell.is_poison |= record.is == temper::poison;
  }
  ring_.push_back({false, index, task, 0, cell.is_poison});
  ++sent_tasks;
  poke();
  return index;
}

bool child::take_back(std::uint32_t index) {
  auto& cell = cells_[index];
  cell.closed = true;
  if (cell.now != cell_state::sent && cell.now != cell_state::taken_in)
    return false;
  world_.note("taken back", cell.key.id, seat_);
  ++world_.seen_.taken_back;
  for (std::uint32_t i = 0; i < cell.size(); ++i)
    world_.tasks_[cell.first_task + i].in_cell = false;
  cell.now = cell_state::free;
  book_.release(index);
  return true;
}

namespace {

// The result of an item, or of a task of its own.
struct result {
  std::uint64_t task;
  std::uint64_t attempt;
};

} // namespace

// What has finished and has not been told; now it has.
policy::batch_progress child::progress_of(place& cell) {
  policy::batch_progress progress;
  for (; cell.told < cell.finished; ++cell.told) {
    const bool threw = cell.threw[cell.told];
    const result content{cell.first_task + cell.told, cell.attempts[cell.told]};
    const detail::record_head head(sizeof content, threw);
    progress.results.append(&head, sizeof head);
    progress.results.append(&content, sizeof content);
    ++progress.finished;
    progress.failed += threw ? 1 : 0;
    world_.tasks_[cell.first_task + cell.told].in_cell = false;
  }
  return progress;
}

policy::batch_progress child::close_batch(std::uint32_t index) {
  auto& cell = cells_[index];
  ++world_.seen_.divided;
  world_.note("closed", cell.key.id, cell.claimed);
  cell.closed = true;
  for (auto i = cell.claimed; i < cell.items; ++i)
    world_.tasks_[cell.first_task + i].in_cell = false;
  cell.items = cell.claimed;
  const auto before = cell.told;
  auto progress = progress_of(cell);
  progress.claimed = cell.claimed - before;
  return progress;
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
    if (in_transfer_ && // and has not been taken back since
        std::find(result.unstarted.begin(), result.unstarted.end(), *in_transfer_) !=
          result.unstarted.end())
      result.in_transfer = in_transfer_;
    result.blameless = blameless_;
  }
  return result;
}

void child::read() {
  if (!is_launched)
    return;
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
  case said::outcome:
    report_outcome(what);
    break;
  case said::lent:
    ++world_.seen_.lent;
    world_.note("lent", what.key.id, seat_);
    world_.machine_->task_lent(seat_, place_of(what), world_.now_);
    break;
  case said::reclaimed:
    world_.note("reclaimed", what.key.id, seat_);
    world_.machine_->task_reclaimed(seat_, place_of(what), world_.now_);
    break;
  case said::lingers:
    world_.note("lingers", what.key.id, seat_);
    world_.machine_->item_lingers(seat_, what.key, world_.now_);
    world_.check(
      cells_[what.cell].closed || world_.terminated_ || world_.machine_->failure() != nullptr,
      "a coroutine that waits holds back those behind it", what.key.id, seat_);
    break;
  case said::submits:
    world_.submit_nested(*this, what.cell, what.start);
    break;
  }
}

void child::report_outcome(const message& what) {
  auto cell = std::exchange(cells_[what.cell], {});
  book_.release(what.cell);
  hostages_since.reset(); // what makes progress holds nothing back
  world_.note("outcome", what.key.id, seat_);
  policy::child_outcome came;
  came.task = what.key;
  came.kind = cell.task_kind;
  came.elapsed = what.elapsed;
  if (cell.items > 0) {
    for (std::uint32_t i = cell.told; i < cell.items; ++i)
      world_.tasks_[cell.first_task + i].in_cell = false;
    const auto progress = progress_of(cell);
    came.payload = detail::view(progress.results);
    came.items = progress.finished;
    came.failed = progress.failed;
    came.ran = cell.finished;
    came.lingers = cell.lingers;
    world_.machine_->task_ended(seat_, came, world_.now_);
    return;
  }
  auto& record = world_.tasks_[cell.task];
  record.in_cell = false;
  if (record.options)
    record.may_wait_until = world_.now_ + record.options->retries.max_backoff;
  const result content{cell.task, record.starts};
  came.threw = what.threw;
  came.payload = std::as_bytes(std::span(&content, 1));
  world_.machine_->task_ended(seat_, came, world_.now_);
}

void child::answer(std::uint32_t index, std::uint64_t start) {
  ring_.push_back({true, index, {}, start});
  poke();
}

} // namespace troupe::simulation
