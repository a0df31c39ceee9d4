#include "parent/pool/pool_actor.hpp"

#include "base/escape.hpp"
#include "base/limits.hpp"
#include "caf/task_error.hpp"
#include "compat/prepared.hpp"
#include "parent/child/log.hpp"
#include "parent/pool/pool_registry.hpp"
#include "parent/pool/request_actor.hpp"
#include "parent/pool/task_stacks.hpp"
#include "values/error_text.hpp"

#include <troupe/cpus.hpp>

#include <algorithm>
#include <bit>
#include <csignal>
#include <random>
#include <utility>

namespace troupe::parent {

namespace {

// Cells for what a child runs, what it is given beyond that, and what has lent its place.
link::link_size link_size_for(const pool_options& options) {
  const auto most = options.childconcurrency + limits::max_prefetch + limits::max_lent_tasks + 1;
  // A child that lives for a few tasks only needs no more, and starts faster.
  const auto budget = options.maxtasksperchild == 0 ? most : options.maxtasksperchild;
  return {static_cast<std::uint32_t>(std::bit_ceil(std::min(most, budget))),
    budget <= limits::small_ring_tasks ? limits::small_ring_bytes : limits::ring_bytes};
}

constexpr bool always = true;

policy::pool_machine::rules rules_of(const pool_options& options, const event_tap& tap) {
  policy::pool_machine::rules rules;
  rules.children = {options.name, options.processes, options.queuecount, options.spares,
    options.restart, options.start_timeout, options.shutdown_timeout};
  rules.concurrency = options.childconcurrency;
  rules.cpus = usable_cpus();
  rules.tasks_per_child = options.maxtasksperchild;
  rules.age_per_child = options.maxageperchild;
  rules.cancel_grace = options.cancel_grace;
  rules.slow_after = options.slow_after;
  rules.scheduler = options.scheduler;
  rules.seed = std::random_device{}();
  rules.runs_wanted = options.on_task_ended ? &always : &tap.is_open();
  return rules;
}

} // namespace

pool_actor::pool_actor(caf::actor_config& config, const services& with,
  std::shared_ptr<const pool_options> options, std::shared_ptr<pool_control::shared> with_control,
  caf::actor requests)
  : loop_actor(config, with.loop)
  , options_(std::move(options))
  , shared_(std::move(with_control))
  , tap_(with.pools.tap())
  , request_actor_(std::move(requests))
  , supervisor_(with.loop, with.children[*options_->start_method], with.hub, options_,
      link_size_for(*options_), *this, *this)
  , machine_(rules_of(*options_, tap_), *this)
  , exports_(with.exported)
  , timer_(with.loop.io())
  , no_memory_(std::make_exception_ptr(
      pool_failed("pool " + options_->name + " has failed: its process is out of memory")))
  , end_reason_(std::make_shared<caf::error>(compat::error_of(no_memory_)))
  , farewell_(compat::prepared(pool_ended{end_reason_}))
  , call_to_quit_(compat::prepared(abandon_pool{})) {}

pool_actor::~pool_actor() = default;

void pool_actor::started() {
  handle([] {});
}

namespace {

template <class Question, class Compute>
void answer(const Question& question, Compute compute) {
  try {
    question.answer(compute(), nullptr);
  } catch (...) { // no memory: that is the asker's affair
    question.answer({}, std::current_exception());
  }
}

} // namespace

caf::behavior pool_actor::handlers() {
  return {
    [this](const tasks_submitted&) { handle([] {}); },
    [this](const cancel_task& message) {
      handle([&] { machine_.cancel(message.task, message.started_too, clock::now()); });
    },
    [this](const close_pool&) { handle([this] { machine_.close(); }); },
    [this](const terminate_pool&) {
      handle([this] { machine_.terminate("its pool was terminated", clock::now()); });
    },
    [this](const abandon_pool&) { abandon(); },
    [this](const await_children& message) {
      handle([&] { awaiting_children_.push_back(message.waiter); });
    },
    [this](const resize_pool&) { handle([] {}); },
    [this](const get_stats& message) { answer(message, [this] { return stats(); }); },
    [this](const get_snapshot& message) {
      handle([] {}); // what was submitted before counts
      answer(message, [this] { return snapshot(); });
    },
    [this](const get_stacks& message) {
      try {
        ask_stacks(message);
      } catch (...) {
        message.answer({}, std::current_exception());
      }
    },
    [this](const recycle_slot& message) {
      handle([&] { machine_.recycle(message.slot, clock::now()); });
    },
    [this](const renew_children& message) {
      handle([&] {
        supervisor_.change(message.options);
        machine_.renew(clock::now());
      });
    },
    [this](
      const get_running_tasks& message) { answer(message, [this] { return running_tasks(); }); },
  };
}

// -- events ---------------------------------------------------------------------------------------------

template <class Event>
void pool_actor::guard(Event event) noexcept {
  try {
    event();
  } catch (...) {
    fail(std::current_exception());
  }
}

template <class Event>
void pool_actor::handle(Event event) {
  guard([&] {
    take_submitted();
    event();
  });
  settle();
}

void pool_actor::settle() {
  guard([this] {
    machine_.settle(clock::now());
    shared_->set_average_time(machine_.average_time());
    tell_ready();
    arm_timer();
  });
  if (all_down_ && !stopped_)
    stop();
}

void pool_actor::fail(const std::exception_ptr& why) noexcept {
  auto reason = no_memory_;
  try {
    reason = std::make_exception_ptr(pool_failed(
      "pool " + options_->name + " has failed by an error of its own: " + values::message_of(why)));
  } catch (...) {
    // Then it was that.
  }
  try {
    machine_.fail(reason, clock::now());
  } catch (...) {
    log()->critical("pool {} cannot even fail: its process is out of memory", options_->name);
  }
}

void pool_actor::take_submitted() {
  const auto now = clock::now();
  take_size();
  shared_->submitted.take_all([&](detail::task_ptr task) {
    if (task->is_for_slot())
      take_size(); // its slot may be one that was wanted before the task was submitted, and after the look above
    machine_.submit(std::move(task), now);
  });
}

void pool_actor::take_size() {
  const auto wanted = shared_->processes();
  if (wanted == machine_.children().children().slots())
    return;
  supervisor_.resize(wanted);
  machine_.resize(wanted, clock::now());
}

void pool_actor::arm_timer() {
  const auto next = stopped_ ? std::nullopt : machine_.next_alarm();
  if (!next || *next >= timer_due_)
    return;                              // an alarm that comes too early finds nothing to do
  timer_due_ = clock::time_point::max(); // as long as nothing waits
  timer_.expires_at(*next);
  timer_.async_wait(
    [this, alive = caf::strong_actor_ptr(ctrl())](const boost::system::error_code& error) {
      if (error)
        return;
      timer_due_ = clock::time_point::max();
      handle([this] { machine_.alarm(clock::now()); });
    });
  timer_due_ = *next;
}

void pool_actor::tell_ready() {
  if (awaiting_children_.empty())
    return;
  const bool all_ready = machine_.children().all_ready();
  if (!machine_.failure() && !all_ready && !all_down_)
    return;
  for (const auto& waiter : std::exchange(awaiting_children_, {}))
    if (machine_.failure())
      waiter->fail(machine_.failure());
    else if (all_ready)
      waiter->done(); // otherwise it is told that the pool has ended
}

void pool_actor::abandon() {
  abandoned_ = ctrl();
  handle([this] { machine_.terminate("its pool was destroyed", clock::now()); });
  if (stopped_) {
    quit();
    abandoned_ = nullptr;
  }
}

// The pool has ended, and nothing of its children is left.
void pool_actor::stop() {
  stopped_ = true;
  timer_.cancel();
  shared_->set_stopped();
  guard([this] {
    const auto reason =
      machine_.drained() ? caf::exit_reason::normal : caf::exit_reason::user_shutdown;
    *end_reason_ = machine_.failure() ? compat::error_of(machine_.failure()) : caf::error(reason);
  });
  const auto requests = std::exchange(request_actor_, nullptr);
  caf::actor_cast<caf::abstract_actor*>(requests)->enqueue(std::move(farewell_), &loop());
  if (abandoned_)
    enqueue(std::move(call_to_quit_), &loop()); // to quit takes a message
}

pool_stats pool_actor::stats() const {
  auto result = machine_.stats();
  result.children = supervisor_.stats(machine_.children().children());
  return result;
}

std::vector<running_task> pool_actor::running_tasks() const {
  std::vector<running_task> result;
  for (auto& [seat, task] : machine_.running_tasks(clock::now())) {
    task.pid = supervisor_.pid_of(seat);
    result.push_back(std::move(task));
  }
  return result;
}

pool_snapshot pool_actor::snapshot() const {
  pool_snapshot result;
  result.stats = stats();
  result.max_queue = options_->max_queue;
  result.closing = machine_.closing();
  result.running = running_tasks();
  result.tasks = machine_.counts_by_name();
  result.failures = machine_.failures(clock::now());
  return result;
}

// Of several children of one slot the one that takes tasks is meant, and otherwise the latest.
void pool_actor::ask_stacks(const get_stacks& question) {
  const auto& table = machine_.children().children();
  std::optional<std::uint32_t> found;
  for (std::uint32_t seat = 0; seat < table.seats(); ++seat)
    if (table.present(seat) && supervisor_.pid_of(seat) != 0 &&
        table.in_use(table[seat].position) && !table.is_spare(table[seat].position) &&
        table[seat].slot == question.slot &&
        (!found || table[seat].phase == policy::child_phase::ready ||
          (table[*found].phase != policy::child_phase::ready &&
            table[seat].turn > table[*found].turn)))
      found = seat;
  if (!found)
    throw error("slot " + std::to_string(question.slot) + " of pool " + options_->name +
                " has no child at present");
  supervisor_[*found].ask_stacks(options_->name, 0, question.answer);
}

// -- children report ------------------------------------------------------------------------------------

// The child has not said anything yet, and may never: nothing else would set the timer for its deadline.
void pool_actor::on_launching(std::uint32_t seat) {
  handle([&] { machine_.child_launching(seat, clock::now()); });
}

void pool_actor::on_launched(std::uint32_t seat) {
  handle([&] { machine_.child_launched(seat); });
}

void pool_actor::on_ready(std::uint32_t seat) {
  guard([&] { machine_.child_ready(seat, clock::now()); });
}

void pool_actor::on_full(std::uint32_t seat) {
  guard([&] { machine_.recycle_child(seat, clock::now()); });
}

void pool_actor::on_exited(std::uint32_t seat) {
  guard([&] { machine_.child_exited(seat); });
  if (seat < requests_.size() && requests_[seat] != nullptr)
    requests_[seat]->stop_popping();
}

void pool_actor::on_down(std::uint32_t seat, const child_process& child) {
  guard([&] { drop_requests(seat); });
  guard([&] { machine_.child_down(seat, child.exit(), child.start_error(), clock::now()); });
}

void pool_actor::on_released() {
  handle([] {});
}

// A pool that ends in order shuts its actors down.
caf::error pool_actor::reason_for_actors(const child_process& child) const {
  if (machine_.children().stopping())
    return caf::exit_reason::user_shutdown;
  return compat::error_of(task_error::lost,
    std::make_exception_ptr(error("child " + std::to_string(child.exit().slot) + " (pid " +
                                  std::to_string(child.pid()) + ") " + child.exit().describe())));
}

void pool_actor::task_ended(std::uint32_t seat, const policy::child_outcome& came) {
  if (batch_time_ == clock::time_point{})
    batch_time_ = clock::now();
  supervisor_.count_tasks(seat, came.ran);
  guard([&] { machine_.task_ended(seat, came, batch_time_); });
}

void pool_actor::task_lent(std::uint32_t seat, const policy::lent_place& place) {
  guard([&] { machine_.task_lent(seat, place, clock::now()); });
}

void pool_actor::task_reclaimed(std::uint32_t seat, const policy::lent_place& place) {
  guard([&] { machine_.task_reclaimed(seat, place, clock::now()); });
}

void pool_actor::item_lingers(std::uint32_t seat, policy::task_key task) {
  guard([&] { machine_.item_lingers(seat, task, clock::now()); });
}

void pool_actor::batch_ended() {
  batch_time_ = {};
  settle();
}

void pool_actor::child_hosts(std::uint32_t seat, std::size_t actors) {
  guard([&] { machine_.child_hosts(seat, actors); });
}

// -- the machine orders ---------------------------------------------------------------------------------

std::exception_ptr pool_actor::start(std::uint32_t seat, const policy::child_record& child) {
  return supervisor_.start(seat, child);
}

void pool_actor::take_position(std::uint32_t seat, const policy::child_record& child) {
  supervisor_.take_position(seat, child);
}

void pool_actor::end(std::uint32_t seat, ending how, const std::string& reason) {
  if (how == ending::kill)
    supervisor_[seat].kill(reason);
  else
    supervisor_[seat].signal(SIGTERM, reason);
}

void pool_actor::warn(
  std::uint32_t seat, const policy::child_record& child, const std::string& what) {
  log()->warn("pool {}: {} (pid {}) {}", options_->name,
    machine_.children().name_of(child.position), supervisor_.pid_of(seat), base::escape(what));
}

template <class Event>
void pool_actor::report(
  const callback<const Event&>& told, const char* name, Event event) noexcept {
  try {
    event.pool = options_->name;
    told(event);
  } catch (...) {
    log()->warn("pool {}: what {} threw is ignored: {}", options_->name, name,
      base::escape(values::message_of(std::current_exception())));
  }
}

template <class Tell>
void pool_actor::tell_listener(Tell tell) noexcept {
  auto* const listener = tap_.listener();
  if (listener == nullptr)
    return;
  try {
    tell(*listener);
  } catch (...) { // no memory
    listener->event_missed();
  }
}

void pool_actor::child_started(std::uint32_t seat, const policy::child_record& child) {
  const auto event = [&] {
    return troupe::child_started{
      {}, child.slot, supervisor_.pid_of(seat), child.phase == policy::child_phase::spare};
  };
  if (options_->on_child_started)
    report(options_->on_child_started, "on_child_started", event());
  tell_listener(
    [&](event_listener& to) { to.child_started(shared_->id, options_->name, event()); });
}

void pool_actor::child_ended(const child_exit& exit, bool died) {
  if (options_->on_child_ended)
    report(options_->on_child_ended, "on_child_ended", troupe::child_ended{{}, died, exit});
  tell_listener([&](event_listener& to) {
    to.child_ended(shared_->id, options_->name, {{}, died, exit});
  });
}

void pool_actor::run_ended(const policy::ended_run& run) noexcept {
  const auto pid = run.when ? supervisor_.pid_of(run.seat) : 0;
  const auto event = [&] {
    auto result = policy::described(run);
    result.pid = pid;
    return result;
  };
  tell_listener([&](event_listener& to) { to.task_ended(shared_->id, options_->name, event()); });
  if (!options_->on_task_ended)
    return;
  try {
    report(options_->on_task_ended, "on_task_ended", event());
  } catch (...) {
    log()->warn("pool {}: on_task_ended is not told of a task: there is no memory", options_->name);
  }
}

void pool_actor::task_is_slow(const policy::slow_run& run) noexcept {
  try {
    report_slow_task(loop(), options_, supervisor_[run.seat], run.thread, policy::described(run),
      [shared = shared_] { return shared->stopped(); });
  } catch (...) {
    log()->warn("pool {}: a slow task is not told of: there is no memory", options_->name);
  }
}

std::shared_ptr<const detail::late_stack> pool_actor::ask_stack(
  std::uint32_t seat, pid_t thread, task_id task) noexcept {
  return ask_task_stack(*options_, supervisor_[seat], thread, task);
}

void pool_actor::task_retried(const policy::retried_task& task) {
  if (options_->on_task_retried)
    report(options_->on_task_retried, "on_task_retried",
      troupe::task_retried{
        {}, task.task.id, task.state.options->name, task.attempt, task.failure, task.delay});
}

void pool_actor::failed(const std::exception_ptr& reason) {
  log()->error("{}", values::message_of(reason));
}

// -- what tasks ask for ---------------------------------------------------------------------------------

void pool_actor::child_asked(
  child_process& child, const link::frame_header& header, std::span<const std::byte> payload) {
  const auto seat = child.seat();
  if (seat >= requests_.size())
    requests_.resize(seat + 1);
  if (requests_[seat] == nullptr)
    requests_[seat] =
      std::make_shared<child_requests>(exports_, static_cast<child_requests::owner&>(*this), child);
  requests_[seat]->take(header, payload);
}

void pool_actor::child_withdrew(std::uint32_t seat, std::uint64_t request, bool started_too) {
  if (seat >= requests_.size() || requests_[seat] == nullptr)
    throw link::protocol_violation("a request is withdrawn that has not been made");
  requests_[seat]->withdraw(request, started_too);
}

void pool_actor::drop_requests(std::uint32_t seat) {
  if (seat < requests_.size() && requests_[seat] != nullptr)
    std::exchange(requests_[seat], nullptr)->drop();
}

bool pool_actor::is_own(const pool_control& pool) const {
  return caf::actor_cast<caf::abstract_actor*>(pool.scheduling_actor()) == this;
}

// Opened at once, before the outcome of the task that submits it is seen: a pool that closes has not
// drained between the two. It is sent with the batch.
void pool_actor::submit_nested(detail::task_ptr task) {
  shared_->room.force_enter(1); // whoever waits for it must not wait for room
  guard([&] { machine_.submit(std::move(task), clock::now()); });
}

void pool_actor::cancel_nested(const detail::task_ptr& task, bool started_too) {
  guard([&] { machine_.cancel(task, started_too, clock::now()); });
}

} // namespace troupe::parent
