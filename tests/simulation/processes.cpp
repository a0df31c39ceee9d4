#include "simulation/world.hpp"

#include "base/limits.hpp"
#include "values/exception_codec.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <stdexcept>

#include <csignal>

// The processes of a pool: how they start and end.
namespace troupe::simulation {

using namespace std::chrono_literals;
using policy::child_phase;
using policy::child_record;

namespace {

std::exception_ptr thrown_by_initializer() {
  static const auto thrown = [] {
    detail::bytes encoded;
    exception_report report;
    report.type = "no_database";
    report.what = "the database is away";
    detail::encode_report(encoded, report);
    return detail::decode_exception({encoded.data(), encoded.size()});
  }();
  return thrown;
}

const std::exception_ptr& shortage() {
  static const auto thrown = std::make_exception_ptr(std::runtime_error("too many open files"));
  return thrown;
}

} // namespace

// Whether the death is known to be the fault of the task that was being taken in. (The end of one that was
// started may have cancelled it.)
bool world::is_decisive(const policy::tasks_in_child& tasks) {
  return tasks.in_transfer && tasks.started.empty() &&
         record(*tasks.in_transfer).failed_deliveries + 1 >= limits::max_failed_deliveries;
}

void world::child_down(child& gone) {
  note("down", gone.seat_);
  gone.read();
  const auto& record = machine_->children().children()[gone.seat_];
  const auto tasks = gone.remaining();
  if (record.phase == child_phase::starting) {
    ++failed_starts_;
    own_deaths_ += had_ready_ ? 0 : 1;
    vacant_until_[record.position] = now_ + limits::max_backoff;
    if (rules_.children.restart.backoff > 0ms || had_ready_)
      not_before_[record.position] =
        now_ + std::max<std::chrono::milliseconds>(rules_.children.restart.backoff, 1ms);
  } else if (record.phase != child_phase::leaving && !tasks.culprit && !is_decisive(tasks)) {
    ++own_deaths_;
  }
  vacant_until_[record.position] =
    std::max(vacant_until_[record.position], now_ + limits::death_pause);
  gone.book_.for_each_used([&](std::uint32_t index) {
    const auto& cell = gone.cells_[index];
    for (std::uint32_t i = cell.told; i < cell.size(); ++i) {
      auto& task = tasks_[cell.first_task + i];
      task.in_cell = false;
      if (task.options && cell.claimed > 0)
        task.may_wait_until = now_ + task.options->retries.max_backoff;
    }
    if (cell.claimed > 0 || tasks.in_transfer != cell.key || record.phase == child_phase::leaving)
      return;
    if (cell.size() == 1)
      ++tasks_[cell.first_task].failed_deliveries;
    else
      ++seen_.halved;
  });
  const auto life = gone.life_;
  // Some of those who submit nested tasks want them to end with themselves.
  if (random_.one_in(2))
    for (const auto index : std::vector(open_))
      if (tasks_[index].asker_life == life && tasks_[index].asker_start != 0)
        cancel(index, random_.one_in(2));
  failing_spare_ = record.phase == child_phase::starting &&
                   gone.start_error == thrown_by_initializer() &&
                   machine_->children().children().is_spare(record.position);
  machine_->child_down(gone.seat_, gone.exit, gone.start_error, now_);
  failing_spare_ = false;
  children_[gone.seat_].reset();
  bool ready = false;
  for (std::uint32_t seat = 0; seat < children_.size(); ++seat)
    ready |= may_serve(seat);
  if (!ready && !without_ready_since_)
    without_ready_since_ = now_;
}

std::exception_ptr world::start(std::uint32_t seat, const child_record& record) {
  const auto& table = machine_->children().children();
  std::size_t able = 0;
  for (std::uint32_t other = 0; other < table.seats(); ++other)
    able += table.present(other) && table[other].position == record.position &&
            (table[other].phase == child_phase::starting ||
              table[other].phase == child_phase::spare || table[other].phase == child_phase::ready);
  check(able == 1, "a position has more than one child", record.position);
  check(now_ >= not_before_[record.position], "a start does not wait", record.position);
  check(!terminated_ && !gave_up_, "a child is started in a pool that has ended", record.position);
  note("start", seat, record.position);
  if (record.generation > rules_.children.processes + rules_.children.spares)
    ++seen_.restarted;
  const bool bad = bad_starts_ > 0 && random_.one_in(bad_starts_);
  if (bad && random_.one_in(3)) {
    ++failed_starts_;
    own_deaths_ += had_ready_ ? 0 : 1;
    vacant_until_[record.position] = now_ + limits::max_backoff;
    ++seen_.failed_starts;
    if (rules_.children.restart.backoff > 0ms || had_ready_)
      not_before_[record.position] =
        now_ + std::max<std::chrono::milliseconds>(rules_.children.restart.backoff, 1ms);
    return shortage();
  }
  if (seat >= children_.size())
    children_.resize(seat + 1);
  check(children_[seat] == nullptr, "a seat is given away twice", seat);
  children_[seat] = std::make_unique<child>(*this, seat, record.position, rules_.concurrency);
  auto& made = *children_[seat];
  made.ignores_term = random_.one_in(6);
  made.hangs_at_exit = random_.one_in(12);
  made.debugged_until = random_.one_in(40) ? now_ + 10s : now_;
  const auto launch = now_ + (random_.one_in(10) ? nanoseconds(600ms) : latency());
  at(launch, event_kind::launching, seat, 0, made.life_);
  const auto known = launch + (random_.one_in(20) ? nanoseconds(600ms) : latency());
  at(known, event_kind::launched, seat, 0, made.life_);
  const auto done = launch + nanoseconds(50'000 + random_.below(3'000'000));
  if (!bad) {
    at(done, event_kind::prepared, seat, 0, made.life_);
  } else if (random_.one_in(4)) {
    note("will never be ready", seat);
  } else {
    ++seen_.failed_starts;
    made.exit.exit_code = 1;
    if (random_.one_in(3))
      made.start_error = random_.one_in(2) ? thrown_by_initializer() : shortage();
    at(done, event_kind::fail_start, seat, 0, made.life_);
  }
  return nullptr;
}

void world::take_position(std::uint32_t seat, const child_record& record) {
  note("takes position", seat, record.position);
  ++seen_.promoted;
  children_[seat]->position_ = record.position;
  children_[seat]->ready_since = now_;
}

void world::child_started(std::uint32_t seat, const policy::child_record&) {
  children_[seat]->ready_since = now_;
}

void world::drain(std::uint32_t seat) {
  auto& leaver = *children_[seat];
  note("drain", seat);
  leaver.book_.for_each_used([&](std::uint32_t cell) {
    check(closed_ && tasks_[leaver.cells_[cell].task].state->done(),
      "a child is drained that has tasks", seat, leaver.cells_[cell].key.id);
  });
  const auto& table = machine_->children().children();
  const bool outdated = table.is_spare(table[seat].position) && table[seat].generation <= renewed_;
  check(closed_ || !table.in_use(table[seat].position) || outdated ||
          table.has_successor(table[seat], {child_phase::ready, child_phase::retiring}),
    "a child is dismissed before its successor is ready", seat);
  leaver.drained_at = now_;
  leaver.draining = true;
  leaver.poke();
}

void world::end(std::uint32_t seat, policy::child_host::ending how, const std::string& reason) {
  auto& target = *children_[seat];
  note(how == policy::child_host::ending::term ? "SIGTERM" : "SIGKILL", seat);
  if (reason.starts_with("it was not ready within")) {
    ++seen_.start_timeouts;
    const auto limit = *target.launched_at + rules_.children.start_timeout;
    check(now_ >= limit, "a start timeout comes too soon", seat);
    check(!target.ready_written || *target.ready_written > now_ - 1ns,
      "a child is ended that was ready in time", seat);
  } else if (reason.starts_with("it did not leave within")) {
    ++seen_.did_not_leave;
    check(now_ >= *target.drained_at + rules_.children.shutdown_timeout,
      "a child has no time to leave", seat);
  } else if (how == policy::child_host::ending::term &&
             (reason.starts_with("it was stopped") || reason.starts_with("it has not begun"))) {
    ++seen_.stuck_ended;
    check(target.deaf || target.stopped, "a child is taken for stuck", seat);
    check(awake() - *target.stuck_since >=
            2 * limits::pulse_interval, // each look may come up to one interval late
      "a child is taken for stuck too soon", seat);
  } else if (reason.starts_with("its task ") && how == policy::child_host::ending::term) {
    ++seen_.did_not_stop;
    const auto id = std::stoull(reason.substr(9));
    auto index = index_of_id_[id];
    target.book_.for_each_used([&](std::uint32_t cell) { // of a batch, the item that runs
      if (target.cells_[cell].key.id == id)
        index = target.cells_[cell].task;
    });
    const auto& task = tasks_[index];
    check(!target.alive || (task.running && task.in_cell && task.seat == seat),
      "a child is ended for a task that has stopped", seat, id);
  }
  target.ended_by_pool = true;
  if (target.exit.reason.empty())
    target.exit.reason = reason;
  if (!target.alive || !target.is_launched)
    return;
  if (how == policy::child_host::ending::kill)
    target.die(std::nullopt, true, SIGKILL);
  else
    at(now_ + 10us, event_kind::term, seat, 0, target.life_);
}

void world::all_down() {
  ++all_down_;
  note("all down");
  check(all_down_ == 1, "the end of the pool is told twice");
  for (const auto& each : children_)
    check(each == nullptr || !each->alive, "a child is left behind");
}

} // namespace troupe::simulation
