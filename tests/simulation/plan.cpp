#include "simulation/world.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <stdexcept>

// What a world is like, and what will happen to it.
namespace troupe::simulation {

using namespace std::chrono_literals;
using policy::pool_machine;

namespace {

bool not_of_death(const std::exception_ptr& failure) {
  return !retry_on<child_lost>(failure);
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

// -- what this world is like ----------------------------------------------------------------------------

pool_machine::rules world::make_rules() {
  pool_machine::rules rules;
  auto& children = rules.children;
  children.name = std::string("simulated");
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
  rules.age_per_child = random_.one_in(5) ? random_.one_in(2) ? 3ms : 60ms : 0ms;
  rules.cancel_grace = random_.one_in(2) ? 50ms : 0ms;
  rules.scheduler = std::make_shared<for_machine>(*this);
  static constexpr bool always = true;
  rules.runs_wanted = &always;
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
  waits_since_.resize(children.queues);
  if (random_.one_in(2))
    rules.cpus = 1 + random_.below(3);
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
    const auto items = static_cast<std::uint32_t>(2 + random_.below(8));
    const bool in_batch =
      rules_.tasks_per_child == 0 && random_.one_in(4) && tasks_.size() + items < max_tasks / 2;
    const auto index = in_batch ? make_batch(items) : make_task(0);
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
  if (random_.one_in(4))
    for (auto left = 1 + random_.below(3); left > 0; --left)
      at(some_time(), event_kind::resize,
        static_cast<std::uint32_t>(rules_.children.queues + random_.below(4)));
  if (random_.one_in(4))
    for (auto left = 1 + random_.below(4); left > 0; --left)
      at(some_time(), event_kind::recycle, static_cast<std::uint32_t>(random_.below(8)));
  if (random_.one_in(4))
    for (auto left = 1 + random_.below(2); left > 0; --left)
      at(some_time(), event_kind::renew);
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
  task.for_slot = nesting == 0 && random_.one_in(10);
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
    task.state->options = task.options = std::make_shared<const task_options>(std::move(options));
  return index;
}

// Items of a map, as default options make them.
std::uint32_t world::make_batch(std::uint32_t items) {
  const auto first = static_cast<std::uint32_t>(tasks_.size());
  const auto of_kind = static_cast<kind>(random_.below(3));
  detail::task_ptr state(new detail::task_state(detail::call_code{{}, {}, of_kind}, {}));
  state->index = first;
  state->items = items;
  for (std::uint32_t i = 0; i < items; ++i) {
    auto& item = tasks_.emplace_back();
    item.state = state;
    item.in_batch = true;
    item.task_kind = of_kind;
    item.is_first = i == 0;
    item.batch_size = i == 0 ? items : 0;
    if (random_.one_in(10))
      item.is = temper::throws;
    else if (crashes_ > 0 && random_.one_in(crashes_))
      item.is = random_.one_in(4) ? temper::poison : temper::crashes;
  }
  return first;
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

// -- its scheduler -----------------------------------------------------------------------------------

queue_id world::schedule_task(task_id id) {
  auto& task = tasks_[being_submitted_];
  remember(id, being_submitted_);
  if (bad_scheduler_ && random_.one_in(10)) {
    ++seen_.scheduler_failures;
    for (std::uint32_t i = 0; i < std::max(task.batch_size, 1u); ++i)
      tasks_[being_submitted_ + i].cancelled = true; // for a reason of its own
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

} // namespace troupe::simulation
