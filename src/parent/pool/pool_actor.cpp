#include "parent/pool/pool_actor.hpp"

#include "base/limits.hpp"
#include "caf/task_error.hpp"
#include "parent/pool/request_actor.hpp"
#include "parent/pool/task_title.hpp"
#include "policy/task_order.hpp"

#include <algorithm>
#include <bit>
#include <ctime>
#include <utility>

namespace troupe::parent {

namespace {

using detail::outcome;
using namespace std::chrono_literals;

// Good enough for the order of tasks, and much cheaper than the exact time.
std::chrono::nanoseconds coarse_time() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Slots for what a child runs, what it is given beyond that, and what has lent its place.
link::link_size link_size_for(const pool_options& options) {
  const auto most = options.childconcurrency + limits::max_prefetch + limits::max_lent_tasks + 1;
  // A child that lives for a few tasks only needs no more, and starts faster.
  const auto budget = options.maxtasksperchild == 0 ? most : options.maxtasksperchild;
  return {static_cast<std::uint32_t>(std::bit_ceil(std::min(most, budget))),
    budget <= limits::small_ring_tasks ? limits::small_ring_bytes : limits::ring_bytes};
}

} // namespace

pool_actor::pool_actor(caf::actor_config& config, const services& with,
  std::shared_ptr<const pool_options> options, std::shared_ptr<pool_control::shared> with_control,
  caf::actor requests)
  : loop_actor(config, with.loop)
  , options_(std::move(options))
  , shared_(std::move(with_control))
  , request_actor_(std::move(requests))
  , scheduler_(options_->scheduler ? options_->scheduler : std::make_shared<round_robin>())
  , dispatcher_(options_->queuecount, options_->childconcurrency)
  , supervisor_(with.loop, with.children[*options_->start_method], with.hub, *options_,
      link_size_for(*options_), *this)
  , exports_(with.exported)
  , depths_told_(options_->queuecount)
  , balance_timer_(with.loop.io())
  , alarm_timer_(with.loop.io()) {
  for (queue_id queue = 0; queue < options_->queuecount; ++queue)
    scheduler_->register_queue(queue);
  for (std::size_t position = 0; position < options_->processes; ++position)
    scheduler_->register_process(position % options_->queuecount);
}

pool_actor::~pool_actor() = default;

caf::behavior pool_actor::make_behavior() {
  supervisor_.start_all();
  return {
    [this](const tasks_submitted&) {
      shared_->submitted.take_all([this](detail::task_ptr task) { open(std::move(task)); });
      pump();
      check_drained(); // the scheduler may have refused them
    },
    [this](const cancel_task& message) { cancel(message); },
    [this](const close_pool&) { close(); },
    [this](const terminate_pool&) { terminate("its pool was terminated"); },
    [this](const abandon_pool&) { abandon(); },
    [this](const get_stats& message) { message.answer->set_value(stats()); },
  };
}

// -- tasks ----------------------------------------------------------------------------------------------

void pool_actor::open(detail::task_ptr task) {
  if (phase_ != phase::open && phase_ != phase::closing) {
    shared_->room.leave();
    task->resolve(outcome::failure(
      failure_ ? failure_ : std::make_exception_ptr(pool_closed("pool is closed"))));
    return;
  }
  const auto& opened = *task;
  const auto key = ledger_.open(std::move(task));
  ++counts_.submitted;
  try {
    auto* entry = ledger_.find(key);
    choose_queue(key, *entry);
    enqueue_ranked(key, *entry, coarse_time());
    if (opened.options && opened.options->expires > 0ns)
      set_alarm(
        {clock::now() + opened.options->expires, policy::task_alarms::purpose::expire, key});
  } catch (...) {
    ++counts_.failed;
    resolve(key, outcome::failure(std::current_exception()));
  }
}

void pool_actor::choose_queue(policy::task_key key, policy::task_ledger::entry& entry) {
  const auto& task = *entry.task;
  for (queue_id queue = 0; queue < depths_told_.size(); ++queue)
    if (const auto depth = dispatcher_.depth(queue); depth != depths_told_[queue])
      scheduler_->queue_depth(queue, depths_told_[queue] = depth);
  task_info info;
  if (task.options) {
    info.name = task.options->name;
    info.key = task.options->key;
    info.priority = task.options->priority;
  }
  info.argument_bytes = task.arguments().size();
  const auto queue = scheduler_->schedule_task(key.id, info);
  if (queue >= options_->queuecount)
    throw std::out_of_range("the scheduler of pool " + options_->name + " chose queue " +
                            std::to_string(queue) + ", but there are only " +
                            std::to_string(options_->queuecount));
  entry.queue = queue;
  entry.scheduled = true;
  entry.may_move = scheduler_->may_move(info);
}

// `time`: since when it ranks among the others of its queue.
void pool_actor::enqueue_ranked(
  policy::task_key key, const policy::task_ledger::entry& entry, std::chrono::nanoseconds time) {
  const auto& task = *entry.task;
  const int priority = task.options ? task.options->priority : 0;
  if (task.nesting > 0)
    dispatcher_.enqueue_nested(key, task.code.kind, task.nesting, entry.queue);
  else
    dispatcher_.enqueue(
      {key, task.code.kind, policy::task_order(time, priority), entry.may_move}, entry.queue);
}

void pool_actor::pump() {
  while (const auto next = dispatcher_.next_assignment(is_open()))
    send(*next);
}

void pool_actor::send(const policy::dispatcher::assignment& next) {
  auto* entry = ledger_.find(next.task);
  if (!std::exchange(entry->was_sent, true))
    shared_->room.leave();
  const auto slot = supervisor_[next.seat].send(next.task, entry->task, entry->attempt + 1);
  ledger_.assign(next.task, next.seat, slot);
  if (const auto& options = entry->task->options; options && options->timeout > 0ns)
    set_alarm({clock::now() + options->timeout, policy::task_alarms::purpose::timeout, next.task,
      entry->attempt});
  if (dispatcher_.budget_of(next.seat) == 0)
    supervisor_.retire(next.seat);
}

void pool_actor::resolve(
  policy::task_key key, outcome&& result, std::optional<std::chrono::nanoseconds> ran) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return;
  if (!entry->was_sent)
    shared_->room.leave();
  if (entry->scheduled) {
    try {
      scheduler_->task_left(entry->queue, ran);
      if (ran)
        scheduler_->complete_task(key.id);
      else
        scheduler_->lose_task(key.id);
    } catch (...) {
      // It has been told; what it makes of it is its own affair.
    }
  }
  ledger_.close(key)->resolve(std::move(result));
}

void pool_actor::on_outcome(std::uint32_t seat, const child_outcome& came) {
  dispatcher_.ended(seat, came.kind, came.elapsed, now_);
  const auto* entry = ledger_.find(came.task);
  if (entry == nullptr)
    return; // resolved while it ran: its result is nobody's
  if (entry->stopping || came.threw) {
    if (retry_after(came.task, came))
      return;
    ++counts_.failed;
  } else {
    ++counts_.succeeded;
  }
  outcome result;
  result.what = came.threw ? outcome::kind::threw : outcome::kind::value;
  result.payload.assign(came.payload);
  resolve(came.task, std::move(result), came.elapsed);
}

void pool_actor::on_batch_end() {
  now_ = clock::now();
  pump();
  shared_->set_average_time(dispatcher_.average_time());
  supervisor_.dismiss_retired();
  watch_balance();
  check_drained();
}

void pool_actor::cancel(const cancel_task& what) {
  const policy::task_key key{what.task->ledger_index, what.task->id};
  const auto* entry = ledger_.find(key);
  if (entry == nullptr || entry->task != what.task)
    return;
  if (entry->where == policy::task_ledger::place::in_child && !take_back(*entry)) {
    if (!what.started_too)
      return;
    stop_running(key, *entry);
  }
  ++counts_.cancelled;
  resolve(key, outcome::failure(std::make_exception_ptr(
                 task_cancelled(task_title(key, *what.task) + " was cancelled"))));
  pump();
  check_drained();
}

bool pool_actor::take_back(const policy::task_ledger::entry& entry) {
  if (!supervisor_[entry.seat].take_back(entry.slot))
    return false;
  dispatcher_.taken_back(entry.seat, entry.task->code.kind);
  return true;
}

void pool_actor::put_back(policy::task_key key) {
  const auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return;
  ledger_.put_back(key, false);
  enqueue_front(key, *entry);
}

void pool_actor::enqueue_front(policy::task_key key, const policy::task_ledger::entry& entry) {
  const auto kind = entry.task->code.kind;
  if (entry.task->nesting > 0)
    dispatcher_.enqueue_nested(key, kind, entry.task->nesting, entry.queue);
  else
    dispatcher_.enqueue_front(key, kind, entry.queue, entry.may_move);
}

void pool_actor::fail_all(const std::exception_ptr& reason) {
  ledger_.for_each_open([&](policy::task_key key) {
    ++counts_.cancelled;
    resolve(key, outcome::failure(reason));
  });
}

bool pool_actor::accepts_more_attempts() const noexcept {
  return phase_ == phase::open || phase_ == phase::closing;
}

// -- take-back ------------------------------------------------------------------------------------------

// A child that runs a long function cannot tell; so while another one is idle, look again soon.
void pool_actor::watch_balance() {
  if (balance_timer_armed_ || !dispatcher_.unbalanced())
    return;
  balance_timer_armed_ = true;
  balance_timer_.expires_after(limits::take_back_after);
  balance_timer_.async_wait(
    [this, alive = caf::strong_actor_ptr(ctrl())](const boost::system::error_code& error) {
      if (error)
        return;
      balance_timer_armed_ = false;
      rebalance();
    });
}

void pool_actor::rebalance() {
  while (const auto take = dispatcher_.next_take_back(clock::now())) {
    // The latest to be sent are the last to be started.
    auto candidates = supervisor_[take->from].remaining_tasks().unstarted;
    for (std::size_t taken = 0; taken < take->at_most && !candidates.empty();
         candidates.pop_back()) {
      const auto key = candidates.back();
      const auto* entry = ledger_.find(key);
      if (entry == nullptr || !take_back(*entry))
        continue;
      put_back(key);
      ++taken;
    }
    pump();
  }
  watch_balance();
}

// -- the pool's life ------------------------------------------------------------------------------------

void pool_actor::on_ready(std::uint32_t seat, queue_id queue) {
  const auto budget =
    options_->maxtasksperchild == 0 ? policy::dispatcher::unlimited : options_->maxtasksperchild;
  dispatcher_.add_child(seat, queue, budget, clock::now());
  pump();
  watch_balance();
}

void pool_actor::on_hosts(std::uint32_t seat, std::size_t actors) {
  dispatcher_.set_hosted(seat, actors);
}

bool pool_actor::needs_children() const {
  return phase_ == phase::open || (phase_ == phase::closing && ledger_.queued_count() > 0);
}

bool pool_actor::is_idle(std::uint32_t seat) const {
  return dispatcher_.owed_by(seat) == 0;
}

void pool_actor::close() {
  if (phase_ != phase::open)
    return;
  phase_ = phase::closing;
  check_drained();
}

void pool_actor::check_drained() {
  if (phase_ != phase::closing || ledger_.open_count() > 0)
    return;
  phase_ = phase::draining;
  supervisor_.drain_all();
}

void pool_actor::terminate(const std::string& reason) {
  if (phase_ == phase::terminating || phase_ == phase::stopped)
    return;
  phase_ = phase::terminating;
  fail_all(std::make_exception_ptr(
    task_cancelled("the task was dropped: pool " + options_->name + " was terminated")));
  supervisor_.terminate_all(reason);
}

void pool_actor::abandon() {
  abandoned_ = ctrl();
  terminate("its pool was destroyed");
  if (phase_ == phase::stopped) {
    quit();
    abandoned_ = nullptr;
  }
}

void pool_actor::on_gave_up(std::exception_ptr reason) {
  phase_ = phase::terminating;
  failure_ = std::move(reason);
  fail_all(failure_);
}

void pool_actor::on_all_down() {
  if (phase_ == phase::stopped)
    return;
  const auto reason =
    phase_ == phase::draining ? caf::exit_reason::normal : caf::exit_reason::user_shutdown;
  caf::anon_send(std::exchange(request_actor_, nullptr),
    pool_ended{failure_ ? compat::error_of(failure_) : caf::error(reason)});
  phase_ = phase::stopped;
  balance_timer_.cancel();
  alarm_timer_.cancel();
  shared_->set_stopped();
  if (abandoned_)
    caf::anon_send(
      caf::actor_cast<caf::actor>(abandoned_), abandon_pool{}); // to quit takes a message
}

pool_stats pool_actor::stats() const {
  pool_stats result = counts_;
  result.name = options_->name;
  result.queued = ledger_.queued_count();
  result.running = ledger_.in_child_count();
  result.deaths = supervisor_.deaths();
  result.children = supervisor_.stats();
  return result;
}

} // namespace troupe::parent
