#include "simulation/world.hpp"

#include "base/limits.hpp"
#include "values/exception_codec.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <csignal>

// What happens: to the pool, to its children, and between them.
namespace troupe::simulation {

using namespace std::chrono_literals;
using policy::child_phase;
using policy::child_record;
using policy::pool_machine;

namespace {

bool not_of_death(const std::exception_ptr& failure) {
  return !retry_on<child_lost>(failure);
}

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

bool is_of_parent(event_kind what) noexcept {
  return what <= event_kind::down;
}

} // namespace

// The machine owns its scheduler, and this world is not to be owned.
struct world::for_machine final : scheduler {
  explicit for_machine(world& to)
    : to_(to) {}
  void register_queue(queue_id) override {}
  void register_process(queue_id) override {}
  queue_id schedule_task(task_id id, const task_info&) override { return to_.schedule_task(id); }
  void complete_task(task_id id) override { to_.left(id); }
  void lose_task(task_id id) override { to_.left(id); }
  bool may_move(const task_info&) const noexcept override { return to_.may_move_; }
  world& to_;
};

world::world(std::uint64_t seed, coverage& seen)
  : random_(seed)
  , seen_(seen) {
  rules_ = make_rules();
  machine_ = std::make_unique<pool_machine>(rules_, *this);
  plan();
}

world::~world() = default;

// -- what this world is like ----------------------------------------------------------------------------

pool_machine::rules world::make_rules() {
  pool_machine::rules rules;
  auto& children = rules.children;
  children.name = "p";
  children.processes = 1 + random_.below(4);
  children.queues = 1 + random_.below(children.processes);
  children.spares = random_.one_in(4) ? 1 + random_.below(2) : 0;
  const std::size_t intensities[] = {0, 1, 3, 100};
  children.restart.intensity = random_.one_in(3) ? random_.pick(intensities) : 100;
  children.restart.period = random_.one_in(2) ? 100ms : 5s;
  const std::chrono::milliseconds backoffs[] = {0ms, 1ms, 20ms};
  children.restart.backoff = random_.pick(backoffs);
  children.restart.start_attempts = 1 + random_.below(5);
  children.restart.give_up_after = random_.one_in(2) ? 2s : 100ms;
  children.start_timeout = random_.one_in(3) ? 20ms : 500ms;
  children.shutdown_timeout = random_.one_in(2) ? 300ms : 5ms;
  rules.concurrency = 1 + random_.below(6);
  rules.tasks_per_child = random_.one_in(3) ? 1 + random_.below(6) : 0;
  rules.cancel_grace = random_.one_in(2) ? 50ms : 0ms;
  rules.scheduler = std::make_shared<for_machine>(*this);
  rules.seed = static_cast<std::uint32_t>(1 + random_.below(1000));

  const std::size_t rates[] = {0, 0, 40, 8};
  crashes_ = random_.pick(rates);
  strikes_ = random_.one_in(2) ? random_.below(12) : 0;
  bad_starts_ = random_.pick(rates);
  nests_ = random_.one_in(2) ? 2 + random_.below(6) : 0;
  long_tasks_ = random_.one_in(2) ? 5 + random_.below(40) : 0;
  bad_scheduler_ = random_.one_in(6);
  may_move_ = random_.one_in(3);
  sends_fail_ = random_.one_in(10);
  children_lie_ = random_.one_in(10);
  pauses_ = random_.one_in(4);
  not_before_.resize(children.processes + children.spares);
  vacant_until_.resize(not_before_.size());
  waiting_.resize(children.queues);
  return rules;
}

void world::plan() {
  const auto begin = now_;
  tasks_.reserve(max_tasks);
  const auto count = 1 + random_.below(random_.one_in(4) ? 60 : 20);
  const auto span = random_.one_in(3) ? 1 : random_.one_in(2) ? 20'000'000 : 400'000'000;
  const auto some_time = [&] {
    return begin + nanoseconds(random_.below(static_cast<std::size_t>(span)));
  };
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = make_task(0);
    const auto when = some_time();
    at(when, event_kind::submit, index);
    if (random_.one_in(8))
      at(when + nanoseconds(random_.below(3'000'000)), event_kind::cancel, index,
        static_cast<std::uint32_t>(random_.below(2)));
  }
  for (std::size_t i = 0; i < strikes_; ++i)
    at(some_time() + 1ms,
      static_cast<event_kind>(
        static_cast<int>(event_kind::kill) + static_cast<int>(random_.pick("\0\0\0\1\1\3"))),
      static_cast<std::uint32_t>(random_.below(8)));
  if (pauses_)
    for (auto left = 1 + random_.below(3); left > 0; --left)
      at(some_time(), event_kind::pause, static_cast<std::uint32_t>(1 + random_.below(4000)));
  if (random_.one_in(30))
    at(some_time(), event_kind::fail);
  if (random_.one_in(5))
    at(some_time(), event_kind::terminate);
  last_user_event_ = begin + nanoseconds(span) + 1ms;
  at(random_.one_in(3) ? some_time() : last_user_event_, event_kind::close);
  for (const auto& each : events_)
    last_user_event_ = std::max(last_user_event_, each.when);
}

std::uint32_t world::make_task(std::uint32_t nesting) {
  const auto index = static_cast<std::uint32_t>(tasks_.size());
  auto& task = tasks_.emplace_back();
  task.task_kind = static_cast<kind>(random_.below(3));
  task.nesting = nesting;
  task_options options;
  bool some = false;
  if (random_.one_in(3)) {
    some = true;
    options.timeout = random_.one_in(3) ? 100us : random_.one_in(2) ? 2ms : 40ms;
  }
  if (random_.one_in(8)) {
    some = true;
    options.expires = random_.one_in(2) ? 300us : 10ms;
  }
  if (random_.one_in(4)) {
    some = true;
    options.retries.max_attempts = 1 + random_.below(4);
    options.retries.backoff = random_.one_in(2) ? 0ms : 5ms;
    options.retries.max_backoff = 20ms;
    options.retries.retry_on = random_.one_in(3) ? &not_of_death : nullptr;
  }
  if (random_.one_in(4))
    some = options.idempotent = true;
  if (random_.one_in(4)) {
    some = true;
    options.priority = static_cast<int>(random_.below(21)) - 10;
  }
  if (random_.one_in(5))
    task.is = temper::throws;
  else if (random_.one_in(5))
    task.is = temper::flaky;
  else if (crashes_ > 0 && random_.one_in(crashes_))
    task.is = random_.one_in(4) ? temper::poison : temper::crashes;
  else if (options.timeout > 0ns && random_.one_in(6))
    task.is = temper::endless;
  task.state =
    detail::task_ptr(new detail::task_state(detail::call_code{{}, {}, task.task_kind}, {}));
  task.state->index = index;
  task.state->nesting = nesting;
  if (some)
    task.state->options = std::make_shared<const task_options>(std::move(options));
  return index;
}

nanoseconds world::length() {
  if (long_tasks_ > 0 && random_.one_in(long_tasks_))
    return nanoseconds(20'000'000 + random_.below(2'000'000'000));
  const nanoseconds scales[] = {1us, 20us, 300us, 5ms};
  return random_.pick(scales) * static_cast<long>(1 + random_.below(3));
}

script world::make_script(const task_record& task) {
  script does;
  does.first = task.is == temper::endless ? nanoseconds(100h) : length();
  does.second = length() / 2;
  does.obeys = !random_.one_in(4);
  if (task.is == temper::throws || (task.is == temper::flaky && random_.one_in(2)))
    does.how = end_of_attempt::throws;
  else if (task.is == temper::crashes && !random_.one_in(5))
    does.how = end_of_attempt::crash;
  if (nests_ > 0 && task.nesting < 4 && random_.one_in(nests_))
    does.nested = static_cast<std::uint32_t>(
      std::min<std::size_t>(1 + random_.below(3), max_tasks - tasks_.size()));
  return does;
}

// -- events ---------------------------------------------------------------------------------------------

void world::at(time_point when, event_kind what, std::uint32_t a, std::uint32_t b,
  std::uint64_t life, std::uint64_t ticket) {
  events_.push_back({when, ++events_made_, what, a, b, life, ticket});
  std::push_heap(events_.begin(), events_.end());
}

std::optional<std::string> world::run() {
  machine_->settle(now_);
  int alarms_in_a_row = 0;
  std::uint64_t handled = 0;
  while (violation_.empty()) {
    auto alarm = machine_->next_alarm();
    if (alarm)
      alarm = std::max({*alarm, paused_until_, now_});
    if (alarm && (events_.empty() || *alarm < events_.front().when)) {
      check(*alarm > now_ || ++alarms_in_a_row < 1000, "alarms make no progress");
      if (*alarm > now_)
        alarms_in_a_row = 0;
      now_ = *alarm;
      machine_->alarm(now_);
      machine_->settle(now_);
      check_after_event();
    } else if (!events_.empty()) {
      std::pop_heap(events_.begin(), events_.end());
      auto next = events_.back();
      events_.pop_back();
      if (is_of_parent(next.what) && next.when < paused_until_) {
        next.when = paused_until_;
        events_.push_back(next);
        std::push_heap(events_.begin(), events_.end());
        continue;
      }
      now_ = next.when;
      handle(next);
    } else {
      break;
    }
    check(++handled < 200'000, "the pool does not come to an end");
    check(now_ < last_user_event_ + 2h || all_down_ > 0, "the pool does not end in time");
    if (all_down_ > 0 && open_.empty())
      break;
  }
  seen_.events += handled;
  if (violation_.empty())
    check_end();
  if (violation_.empty())
    return std::nullopt;
  return violation_ + trace();
}

void world::handle(const event& what) {
  if (what.what >= event_kind::kill && what.what <= event_kind::deafen) {
    strike(what);
    return;
  }
  if (!is_of_parent(what.what)) {
    if (auto* const where = find(what.a, what.life); where != nullptr && where->alive)
      where->happen(what);
    return;
  }
  if (what.what <= event_kind::pause) {
    handle_user(what);
  } else if (auto* const from = find(what.a, what.life)) {
    if (what.what == event_kind::launching) {
      from->launched_at = now_;
      machine_->child_launching(what.a, now_);
    } else if (what.what == event_kind::read) {
      from->read_pending = false;
      from->read();
    } else {
      child_down(*from);
    }
  } else {
    return;
  }
  machine_->settle(now_);
  check_after_event();
}

void world::handle_user(const event& what) {
  switch (what.what) {
  case event_kind::submit:
    if (!closed_)
      submit(what.a);
    break;
  case event_kind::cancel:
    cancel(what.a, what.b != 0);
    break;
  case event_kind::close:
    note("close");
    closed_ = true;
    machine_->close();
    break;
  case event_kind::terminate:
    terminate();
    break;
  case event_kind::fail:
    note("fail");
    told_to_fail_ = true;
    machine_->fail(shortage(), now_);
    break;
  default: // pause
    note("the parent pauses", what.a);
    ++seen_.pauses;
    paused_until_ = std::max(paused_until_, now_ + 1ms * what.a);
    break;
  }
}

// What happens to a child, the parent does not know.
void world::strike(const event& what) {
  child* target = nullptr;
  if (what.life != 0)
    target = find(what.a, what.life);
  else if (!children_.empty())
    target = children_[what.a % children_.size()].get();
  if (target == nullptr || !target->alive)
    return;
  switch (what.what) {
  case event_kind::kill:
    note("killed from outside", target->seat_);
    target->die(
      target->on_cpu_ ? std::optional(target->cells_[*target->on_cpu_].key) : std::nullopt, false,
      SIGKILL);
    break;
  case event_kind::stop:
    note("stopped", target->seat_);
    target->stopped = true;
    if (!random_.one_in(3))
      at(now_ + length() * static_cast<long>(1 + random_.below(50)), event_kind::go_on,
        target->seat_, 0, target->life_);
    break;
  case event_kind::go_on:
    note("goes on", target->seat_);
    target->go_on();
    break;
  default: // one whose tasks wait for others would wait for ever
    if (target->inbox_.lent() == 0) {
      note("deaf", target->seat_);
      target->deaf = true;
    }
    break;
  }
}

child* world::find(std::uint32_t seat, std::uint64_t life) {
  return seat < children_.size() && children_[seat] && children_[seat]->life_ == life
           ? children_[seat].get()
           : nullptr;
}

void world::bell(child& from) {
  if (!std::exchange(from.read_pending, true))
    at(now_ + latency(), event_kind::read, from.seat_, 0, from.life_);
}

void world::submit(std::uint32_t index) {
  auto& task = tasks_[index];
  note("submitted", index, task.nesting);
  task.submitted = true;
  task.submitted_at = now_;
  open_.push_back(index);
  being_submitted_ = index;
  ++submitted_;
  machine_->submit(task.state, now_);
  if (task.state->id != 0 && index_of_id_.size() <= task.state->id)
    index_of_id_.resize(task.state->id + 1);
  if (task.state->id != 0)
    index_of_id_[task.state->id] = index;
}

void world::submit_nested(child& asker, std::uint32_t cell, std::uint64_t start) {
  if (tasks_.size() >= max_tasks) {
    asker.answer(cell, start);
    return;
  }
  ++seen_.nested;
  const auto nesting = tasks_[asker.cells_[cell].task].nesting + 1;
  const auto index = make_task(nesting);
  auto& task = tasks_[index];
  task.asker_seat = asker.seat_;
  task.asker_life = asker.life_;
  task.asker_cell = cell;
  task.asker_start = start;
  submit(index);
}

void world::cancel(std::uint32_t index, bool started_too) {
  auto& task = tasks_[index];
  if (!task.submitted || task.resolved)
    return;
  note("cancel", task.state->id, started_too);
  task.cancelled = true;
  machine_->cancel(task.state, started_too, now_);
}

void world::terminate() {
  note("terminate");
  closed_ = terminated_ = true;
  machine_->terminate("its pool was terminated", now_);
}

queue_id world::schedule_task(task_id id) {
  auto& task = tasks_[being_submitted_];
  index_of_id_.resize(id + 1);
  index_of_id_[id] = being_submitted_;
  if (bad_scheduler_ && random_.one_in(10)) {
    ++seen_.scheduler_failures;
    task.cancelled = true; // for a reason of its own
    if (random_.one_in(2))
      throw std::runtime_error("the scheduler does not feel like it");
    return rules_.children.queues + random_.below(3);
  }
  task.scheduled = true;
  task.queue = random_.one_in(3) ? 0 : random_.below(rules_.children.queues);
  return task.queue;
}

void world::left(task_id id) {
  auto& task = tasks_[index_of_id_[id]];
  check(task.scheduled && !task.left, "the scheduler is told of the end of a task twice", id);
  task.left = true;
  if (random_.one_in(20))
    throw std::runtime_error("the scheduler cannot cope");
}

// -- processes ------------------------------------------------------------------------------------------

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
  } else if (record.phase != child_phase::leaving && !tasks.culprit && !tasks.in_transfer) {
    ++own_deaths_;
  }
  vacant_until_[record.position] =
    std::max(vacant_until_[record.position], now_ + limits::death_pause);
  for (const auto key : tasks.started) {
    auto& task = this->record(key);
    task.in_cell = false;
    if (task.state->options)
      task.may_wait_until = now_ + task.state->options->retries.max_backoff;
  }
  for (const auto key : tasks.unstarted) {
    auto& task = this->record(key);
    task.in_cell = false;
    if (tasks.in_transfer == key && record.phase != child_phase::leaving)
      ++task.failed_deliveries;
  }
  const auto life = gone.life_;
  // Some of those who submit nested tasks want them to end with themselves.
  if (random_.one_in(2))
    for (const auto index : std::vector(open_))
      if (tasks_[index].asker_life == life && tasks_[index].asker_start != 0)
        cancel(index, random_.one_in(2));
  machine_->child_down(gone.seat_, gone.exit, gone.start_error, now_);
  children_[gone.seat_].reset();
  bool ready = false;
  for (std::uint32_t seat = 0; seat < children_.size(); ++seat)
    ready |= is_able(seat);
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

void world::take_position(std::uint32_t seat, std::size_t position) {
  note("takes position", seat, position);
  ++seen_.promoted;
  children_[seat]->position_ = position;
}

void world::drain(std::uint32_t seat) {
  auto& leaver = *children_[seat];
  note("drain", seat);
  leaver.book_.for_each_used([&](std::uint32_t cell) {
    check(closed_ && tasks_[leaver.cells_[cell].task].state->done(),
      "a child is drained that has tasks", seat, leaver.cells_[cell].key.id);
  });
  const auto& table = machine_->children().children();
  check(closed_ || table.has_successor(table[seat], {child_phase::ready, child_phase::retiring}),
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
  } else if (reason.starts_with("it was stopped") || reason.starts_with("it has not begun")) {
    ++seen_.stuck_ended;
    check(target.deaf || target.stopped, "a child is taken for stuck", seat);
  } else if (reason.starts_with("its task ") && how == policy::child_host::ending::term) {
    ++seen_.did_not_stop;
    const auto id = std::stoull(reason.substr(9));
    const auto& task = tasks_[index_of_id_[id]];
    check(!target.alive || (task.running && task.in_cell && task.seat == seat),
      "a child is ended for a task that has stopped", seat, id);
  }
  target.ended_by_pool = true;
  if (target.exit.reason.empty())
    target.exit.reason = reason;
  if (!target.alive)
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
