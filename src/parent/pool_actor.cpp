#include "parent/pool_actor.hpp"

#include "core/limits.hpp"

#include <bit>
#include <utility>

namespace troupe::parent {

namespace {

using detail::outcome;

std::uint32_t slots_for(const pool_options& options) {
  return static_cast<std::uint32_t>(
    std::bit_ceil(options.childconcurrency + limits::max_prefetch + 1));
}

} // namespace

pool_actor::pool_actor(caf::actor_config& config, const services& with,
  std::shared_ptr<const pool_options> options, std::shared_ptr<pool_control::progress> progress)
  : loop_actor(config, with.loop)
  , options_(std::move(options))
  , progress_(std::move(progress))
  , scheduler_(options_->scheduler ? options_->scheduler : std::make_shared<round_robin>())
  , dispatcher_(options_->queuecount, options_->childconcurrency)
  , supervisor_(with.loop, with.children, *options_, slots_for(*options_), *this)
  , depths_told_(options_->queuecount)
  , balance_timer_(with.loop.io()) {
  for (queue_id queue = 0; queue < options_->queuecount; ++queue)
    scheduler_->register_queue(queue);
  for (std::size_t position = 0; position < options_->processes; ++position)
    scheduler_->register_process(position % options_->queuecount);
}

pool_actor::~pool_actor() = default;

caf::behavior pool_actor::make_behavior() {
  supervisor_.start_all();
  return {
    [this](submit& message) {
      open(std::move(message.task));
      pump();
      check_drained(); // the scheduler may have refused it
    },
    [this](submit_many& message) {
      for (auto& task : message.tasks)
        open(std::move(task));
      pump();
      check_drained();
    },
    [this](const cancel_task& message) { cancel(message.task); },
    [this](const close_pool&) { close(); },
    [this](const terminate_pool&) { terminate("its pool was terminated"); },
    [this](const abandon_pool&) { abandon(); },
    [this](const get_stats& message) { message.answer->set_value(stats()); },
  };
}

// -- tasks ----------------------------------------------------------------------------------------------

void pool_actor::open(detail::task_ptr task) {
  if (phase_ != phase::open && phase_ != phase::closing) {
    task->resolve(outcome::failure(
      failure_ ? failure_ : std::make_exception_ptr(pool_closed("pool is closed"))));
    return;
  }
  const auto& opened = *task;
  const auto key = ledger_.open(std::move(task));
  ++counts_.submitted;
  try {
    for (queue_id queue = 0; queue < depths_told_.size(); ++queue)
      if (const auto depth = dispatcher_.depth(queue); depth != depths_told_[queue])
        scheduler_->queue_depth(queue, depths_told_[queue] = depth);
    task_info info;
    if (opened.options)
      info.name = opened.options->name;
    info.argument_bytes = opened.arguments.size();
    const auto queue = scheduler_->schedule_task(key.id, info);
    if (queue >= options_->queuecount)
      throw std::out_of_range("the scheduler of pool " + options_->name + " chose queue " +
                              std::to_string(queue) + ", but there are only " +
                              std::to_string(options_->queuecount));
    ledger_.find(key)->queue = queue;
    dispatcher_.enqueue(key, opened.code.kind, queue);
  } catch (...) {
    ++counts_.failed;
    resolve(key, outcome::failure(std::current_exception()));
  }
}

void pool_actor::pump() {
  const auto is_open = [this](core::task_key key) { return ledger_.find(key) != nullptr; };
  while (const auto next = dispatcher_.next_assignment(is_open))
    send(*next);
}

void pool_actor::send(const core::dispatcher::assignment& next) {
  auto* entry = ledger_.find(next.task);
  const auto slot = supervisor_[next.seat].send(next.task, entry->task, entry->attempt + 1);
  ledger_.assign(next.task, next.seat, slot);
  if (dispatcher_.budget_of(next.seat) == 0)
    supervisor_.retire(next.seat);
}

void pool_actor::resolve(core::task_key key, outcome&& result) {
  if (auto task = ledger_.close(key))
    task->resolve(std::move(result));
}

void pool_actor::on_outcome(std::uint32_t seat, const child_outcome& came) {
  auto* entry = ledger_.find(came.task);
  if (entry == nullptr)
    return; // cancelled meanwhile: its result is nobody's
  outcome result;
  result.what = came.threw ? outcome::kind::threw : outcome::kind::value;
  result.payload.assign(came.payload);
  ++(came.threw ? counts_.failed : counts_.succeeded);
  dispatcher_.ended(seat, entry->task->code.kind, came.elapsed, now_);
  try {
    scheduler_->complete_task(came.task.id);
  } catch (...) {
    // It has been told; what it makes of it is its own affair.
  }
  resolve(came.task, std::move(result));
}

void pool_actor::on_batch_end() {
  now_ = clock::now();
  pump();
  supervisor_.dismiss_retired();
  watch_balance();
  check_drained();
}

void pool_actor::cancel(const detail::task_ptr& task) {
  const core::task_key key{task->ledger_index, task->id};
  auto* entry = ledger_.find(key);
  if (entry == nullptr || entry->task != task)
    return;
  if (entry->where == core::task_ledger::place::in_child) {
    if (!supervisor_[entry->seat].take_back(entry->slot))
      return; // it is being run
    dispatcher_.taken_back(entry->seat, task->code.kind);
  }
  ++counts_.cancelled;
  resolve(key, outcome::failure(std::make_exception_ptr(
                 task_cancelled("task " + std::to_string(key.id) + " was cancelled"))));
  pump();
  check_drained();
}

// -- death ----------------------------------------------------------------------------------------------

void pool_actor::on_down(std::uint32_t seat, const child_process& child) {
  const auto tasks = child.remaining_tasks();
  dispatcher_.remove_child(seat);
  for (const auto key : tasks.started) {
    if (may_run_again(key, tasks))
      put_back(key, true);
    else
      lose(key, tasks, child.exit());
  }
  // From the back, so that they stand in the queue in their old order.
  for (auto key = tasks.unstarted.rbegin(); key != tasks.unstarted.rend(); ++key)
    put_back(*key, false);
  pump();
  watch_balance();
  check_drained();
}

bool pool_actor::may_run_again(core::task_key key, const tasks_at_death& tasks) {
  const auto* entry = ledger_.find(key);
  return entry != nullptr && entry->task->options && entry->task->options->idempotent &&
         tasks.culprit != key && entry->attempt < limits::max_attempts &&
         (phase_ == phase::open || phase_ == phase::closing);
}

void pool_actor::put_back(core::task_key key, bool started) {
  auto* entry = ledger_.find(key);
  if (entry == nullptr)
    return;
  ledger_.put_back(key, started);
  dispatcher_.enqueue_front(key, entry->task->code.kind, entry->queue);
}

void pool_actor::lose(core::task_key key, const tasks_at_death& tasks, const child_exit& exit) {
  if (ledger_.find(key) == nullptr)
    return;
  std::vector<task_id> suspects;
  if (tasks.culprit)
    suspects.push_back(tasks.culprit->id);
  else
    for (const auto& suspect : tasks.started)
      suspects.push_back(suspect.id);
  ++counts_.lost;
  try {
    scheduler_->lose_task(key.id);
  } catch (...) {
    // As with complete_task.
  }
  resolve(key, outcome::failure(std::make_exception_ptr(
                 child_lost(key.id, exit, tasks.culprit == key, std::move(suspects)))));
}

void pool_actor::fail_all(const std::exception_ptr& reason) {
  ledger_.for_each_open([&](core::task_key key) {
    ++counts_.cancelled;
    resolve(key, outcome::failure(reason));
  });
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
    auto& child = supervisor_[take->from];
    // The latest to be sent are the last to be started.
    auto candidates = child.remaining_tasks().unstarted;
    for (std::size_t taken = 0; taken < take->at_most && !candidates.empty();
         candidates.pop_back()) {
      const auto key = candidates.back();
      const auto* entry = ledger_.find(key);
      if (entry == nullptr || !child.take_back(entry->slot))
        continue;
      dispatcher_.taken_back(take->from, entry->task->code.kind);
      put_back(key, false);
      ++taken;
    }
    pump();
  }
  watch_balance();
}

// -- the pool's life ------------------------------------------------------------------------------------

void pool_actor::on_ready(std::uint32_t seat, queue_id queue) {
  const auto budget =
    options_->maxtasksperchild == 0 ? core::dispatcher::unlimited : options_->maxtasksperchild;
  dispatcher_.add_child(seat, queue, budget, clock::now());
  pump();
  watch_balance();
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
  phase_ = phase::stopped;
  balance_timer_.cancel();
  progress_->set_stopped();
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
