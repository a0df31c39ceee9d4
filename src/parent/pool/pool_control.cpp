#include "parent/pool/pool_control.hpp"

#include "base/forked_copy.hpp"
#include "base/surely.hpp"
#include "caf/actor_thread.hpp"
#include "loop/event_loop.hpp"
#include "os/process_state.hpp"
#include "parent/pool/actor_keeper.hpp"
#include "parent/pool/pool_actor.hpp"
#include "parent/pool/pool_registry.hpp"
#include "parent/pool/request_actor.hpp"
#include "values/option_rules.hpp"

#include <troupe/cpus.hpp>

#include <future>
#include <stdexcept>
#include <utility>

namespace troupe::parent {

namespace {

std::string next_pool_name() {
  static std::atomic<unsigned> count = 0;
  return "pool-" + std::to_string(++count);
}

// A thread of the program that has spawned an actor; the loop's own thread goes on with actors.
void leave() {
  if (loop::event_loop::current() == nullptr)
    compat::leave_actor_system();
}

pool_options checked(pool_options options) {
  if (options.processes == 0)
    options.processes = usable_cpus();
  detail::check_options(options);
  if (options.name.empty())
    options.name = next_pool_name();
  if (!options.start_method)
    options.start_method = get_start_method();
  return options;
}

} // namespace

// -- progress -------------------------------------------------------------------------------------------

void pool_control::shared::set_stopped() {
  {
    const std::lock_guard lock(mutex_);
    stopped_.store(true, std::memory_order_release);
  }
  changed_.notify_all();
}

bool pool_control::shared::wait_stopped_until(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const auto is_stopped = [this] { return stopped(); };
  if (deadline == std::chrono::steady_clock::time_point::max()) {
    changed_.wait(lock, is_stopped);
    return true;
  }
  return changed_.wait_until(lock, deadline, is_stopped);
}

// -- pool_control ---------------------------------------------------------------------------------------

std::shared_ptr<pool_control> pool_control::start(const services& with, pool_options options) {
  base::check_not_forked_copy("troupe::pool");
  const auto valid = std::make_shared<const pool_options>(checked(std::move(options)));
  with.children[*valid->start_method]; // throws if this runtime does not have it
  with.pools.check_open();
  std::shared_ptr<pool_control> control(new pool_control(with, valid));
  with.pools.add(control);
  with.exported.add_pool(control->id_, control);
  caf::anon_send(control->requests_, serve_pool{control});
  leave();
  return control;
}

pool_control::pool_control(const services& with, std::shared_ptr<const pool_options> options)
  : services_(with)
  , id_(with.exported.new_id())
  , options_(std::move(options))
  , shared_(std::make_shared<shared>(id_, *options_))
  , requests_(with.system.spawn<request_actor>(with.loop))
  , actor_(with.system.spawn<pool_actor>(services_, options_, shared_, requests_)) {}

pool_control::~pool_control() {
  if (base::is_forked_copy())
    return; // another thread may have held a lock of the loop when this copy was made
  if (auto* known = exports::current()) // a future may keep this longer than the runtime lives
    known->remove(id_);
  base::surely([this] { caf::anon_send(actor_, abandon_pool{}); });
}

void pool_control::check_open() const {
  base::check_not_forked_copy("troupe::pool");
  if (state_.load(std::memory_order_acquire) != pool_state::open)
    throw pool_closed("pool is closed");
}

void pool_control::hand_over(detail::task_ptr* first, detail::task_ptr* last) {
  if (shared_->submitted.add(first, last))
    base::surely([this] { caf::anon_send(actor_, tasks_submitted{}); });
}

void pool_control::submit(detail::task_ptr task) {
  auto& room = shared_->room;
  const bool may_wait =
    options_->overflow == overflow::block && loop::event_loop::current() == nullptr;
  if (may_wait)
    room.enter(1);
  else if (!room.try_enter())
    throw queue_full("pool " + options_->name + " has " + std::to_string(room.limit()) +
                     " tasks waiting, as many as its max_queue allows: wait for results before "
                     "submitting more");
  hand_over(&task, &task + 1);
}

void pool_control::submit(std::vector<detail::task_ptr> tasks) {
  auto& room = shared_->room;
  for (std::size_t done = 0; done < tasks.size();) {
    auto count = tasks.size() - done;
    if (loop::event_loop::current() != nullptr)
      room.force_enter(count);
    else
      count = room.enter(count);
    hand_over(tasks.data() + done, tasks.data() + done + count);
    done += count;
  }
}

void pool_control::cancel(detail::task_ptr task, bool started_too) {
  if (base::is_forked_copy())
    return; // it is another process's task; destructors call this, too
  base::surely([&] { caf::anon_send(actor_, cancel_task{task, started_too}); });
}

caf::actor pool_control::spawn(typed_call<detail::hosted_id> start, actor_options options) {
  check_open();
  auto handle = services_.system.spawn<hosted_actor>(services_.loop, services_.hub,
    hosted_actor::plan{requests_, std::move(start), std::move(options), options_->restart});
  leave();
  return handle;
}

bool pool_control::wait(
  detail::promise& task, std::chrono::steady_clock::time_point deadline, const char* what) {
  detail::check_may_block(what);
  if (deadline != std::chrono::steady_clock::time_point::max())
    return task.wait_until(deadline);
  task.wait();
  return true;
}

void pool_control::close() {
  base::check_not_forked_copy("pool::close");
  auto expected = pool_state::open;
  if (state_.compare_exchange_strong(expected, pool_state::closed))
    base::surely([this] { caf::anon_send(actor_, close_pool{}); });
}

void pool_control::terminate() {
  base::check_not_forked_copy("pool::terminate");
  if (state_.exchange(pool_state::terminated) != pool_state::terminated)
    base::surely([this] { caf::anon_send(actor_, terminate_pool{}); });
}

bool pool_control::join_until(std::chrono::steady_clock::time_point deadline) {
  if (state_.load(std::memory_order_acquire) == pool_state::open)
    throw std::logic_error("pool is still open: call close() or terminate() before join()");
  if (shared_->stopped())
    return true;
  detail::check_may_block("pool::join");
  return shared_->wait_stopped_until(deadline);
}

void pool_control::await_ready(const detail::promise_ptr& waiter) {
  base::check_not_forked_copy("pool::ready");
  caf::anon_send(actor_, await_children{std::make_shared<ready_waiter>(waiter)});
}

void pool_control::resize(std::size_t processes) {
  check_open();
  auto wanted = *options_;
  wanted.processes = processes == 0 ? usable_cpus() : processes;
  detail::check_options(wanted);
  shared_->set_processes(wanted.processes);
  base::surely([this] { caf::anon_send(actor_, resize_pool{}); });
}

void pool_control::note_memory(pool_stats& stats) {
  for (auto& child : stats.children)
    if (child.pid != 0)
      child.memory = os::resident_memory(child.pid);
}

template <class Answer, class Ask>
Answer pool_control::wait_for(const char* what, Ask ask) {
  detail::check_may_block(what);
  auto answer = std::make_shared<std::promise<Answer>>();
  auto result = answer->get_future();
  ask([answer](Answer&& value, const std::exception_ptr& problem) {
    if (problem)
      answer->set_exception(problem);
    else
      answer->set_value(std::move(value));
  });
  answer.reset();
  try {
    return result.get();
  } catch (const std::future_error&) { // the message was dropped
    throw pool_closed("pool is closed, and its runtime has ended");
  }
}

pool_stats pool_control::stats() {
  auto result = wait_for<pool_stats>("pool::stats",
    [this](answer_to<pool_stats> answer) { caf::anon_send(actor_, get_stats{std::move(answer)}); });
  note_memory(result);
  return result;
}

pool_snapshot pool_control::snapshot() {
  auto result = wait_for<pool_snapshot>(
    "pool::snapshot", [this](answer_to<pool_snapshot> answer) { ask_snapshot(std::move(answer)); });
  note_memory(result.stats);
  return result;
}

void pool_control::ask_snapshot(answer_to<pool_snapshot> answer) {
  caf::anon_send(actor_, get_snapshot{std::move(answer)});
}

std::vector<thread_stack> pool_control::stack_of(std::size_t slot) {
  return wait_for<std::vector<thread_stack>>(
    "pool::stack_of", [&](stack_answer answer) { ask_stacks(slot, std::move(answer)); });
}

void pool_control::ask_stacks(std::size_t slot, stack_answer answer) {
  check_slot(slot);
  caf::anon_send(actor_, get_stacks{slot, std::move(answer)});
}

void pool_control::recycle(std::size_t slot) {
  check_open();
  check_slot(slot);
  caf::anon_send(actor_, recycle_slot{slot});
}

void pool_control::renew(const pool_options& now) {
  check_open();
  auto wanted = *options_;
  wanted.initializer = now.initializer;
  wanted.finalizer = now.finalizer;
  wanted.loop_initializer = now.loop_initializer;
  wanted.exception_handler = now.exception_handler;
  wanted.input = now.input;
  wanted.output = now.output;
  wanted.limits = now.limits;
  wanted.maxmemoryperchild = now.maxmemoryperchild;
  wanted.environment = now.environment;
  wanted.working_directory = now.working_directory;
  wanted.umask = now.umask;
  wanted.sandbox = now.sandbox;
  wanted.writable_directories = now.writable_directories;
  wanted.sockets = now.sockets;
  detail::check_options(wanted);
  caf::anon_send(actor_, renew_children{std::make_shared<const pool_options>(std::move(wanted))});
}

void pool_control::check_slot(std::size_t slot) const {
  if (slot >= slots())
    throw std::out_of_range("pool " + options_->name + " has no slot " + std::to_string(slot) +
                            ": it has 0 to " + std::to_string(slots() - 1));
}

std::vector<running_task> pool_control::running_tasks() {
  using tasks = std::vector<running_task>;
  return wait_for<tasks>("pool::running_tasks", [this](answer_to<tasks> answer) {
    caf::anon_send(actor_, get_running_tasks{std::move(answer)});
  });
}

} // namespace troupe::parent
