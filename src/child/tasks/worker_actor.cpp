#include "child/tasks/worker_actor.hpp"

#include "child/tasks/batch_run.hpp"
#include "child/tasks/invoke.hpp"

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

namespace troupe::child {

worker_actor::worker_actor(caf::actor_config& config, loop::event_loop& loop, parent_link& link,
  requests& asked, stop_requests& stops, settings options)
  : loop_actor(config, loop)
  , link_(link)
  , requests_(asked)
  , stops_(stops)
  , settings_(options)
  , cells_(link.region().cells())
  , current_(link.region().header().current)
  , admission_(options.concurrency)
  , threads_(options.blocking_threads)
  , started_(cells_.size()) {}

caf::behavior worker_actor::handlers() {
  return {[this](const accepted_calls& accepted) {
    for (auto& call : *accepted.calls) {
      const auto kind = call.kind;
      const auto nesting = call.nesting;
      try {
        admission_.push(std::move(call), kind, nesting);
      } catch (const std::bad_alloc&) {
        refuse(call, std::current_exception());
      }
    }
    accepted.calls->clear();
  }};
}

bool worker_actor::work() {
  if (!admission_.can_start())
    return false;
  now_ = clock::now();
  const auto end = now_ + limits::work_slice;
  bool worked = false;
  // A finished result must be on its way before the next task can crash, so none starts while results
  // wait for room in the ring.
  while (admission_.can_start() && link_.outbox_empty() && now_ < end) {
    accepted_call call = admission_.take();
    worked = true;
    if (call.items > 0 && call.kind == detail::call_kind::coroutine)
      start_coroutine(call);
    else if (call.items > 0 && call.kind == detail::call_kind::plain)
      run_batch(call);
    else if (claim(call))
      start(call);
    else
      admission_.finished(); // taken back by the parent
  }
  return worked;
}

std::optional<std::uint32_t> worker_actor::claim(const accepted_call& call) {
  const auto item = cells_.claim(
    call.cell, call.delivery, std::max(call.items, 1u), now_.time_since_epoch().count());
  if (item)
    started_[call.cell] = {call.task, call.kind, call.nesting, 0, ++starts_, nullptr};
  return item;
}

void worker_actor::start(accepted_call& call) {
  switch (call.kind) {
  case detail::call_kind::plain:
    run_plain(call);
    break;
  case detail::call_kind::coroutine:
    start_coroutine(call);
    break;
  case detail::call_kind::blocking:
    start_blocking(call);
    break;
  }
}

void worker_actor::run_plain(accepted_call& call) {
  const auto started = now_;
  const auto context = context_of(call);
  detail::bytes result;
  const on_cpu mark(current_, call.cell + 1u);
  const as_current_task current(&context); // also while what it threw is destroyed
  const auto thrown = invoke(call, detail::view(call.arguments), result);
  finish(call, std::move(result), thrown, context, started);
}

// An item after another, until there are no more, the parent takes the others back, a result has to wait for room, or
// the time is up.
void worker_actor::run_batch(accepted_call& call) {
  auto context = context_of(call);
  batch_run items(*this, call, context, now_);
  detail::bytes result;
  const on_cpu mark(current_, call.cell + 1u);
  const as_current_task current(&context); // also while what an item threw is destroyed
  do {
    const auto arguments = items.next();
    if (!arguments)
      break;
    result.clear();
    const auto thrown = invoke(call, *arguments, result);
    items.add(result, thrown);
  } while (items.goes_on());
  items.end();
}

void worker_actor::end_item(
  const task_context& context, const std::exception_ptr& thrown, detail::bytes& result) {
  requests_.run_posted(); // what threads of the task have reported comes before its outcome
  if (thrown) {
    handle(thrown, context);
    result = report(thrown, context);
  }
}

void worker_actor::leave_cell(std::uint32_t cell, std::uint32_t items) {
  if (started_[cell].waits > 0)
    end_lend(cell); // something that it has left behind still waits
  ended_ += items;
  started_[cell] = {};
  stops_.forget(cell);
}

task_context worker_actor::context_of(const accepted_call& call) const {
  task_context context;
  context.task = context.in_cell = call.task;
  context.cell = call.cell;
  context.attempt = call.attempt;
  context.position = settings_.position;
  if (call.timeout > std::chrono::nanoseconds::zero())
    context.deadline = now_ + call.timeout;
  context.stops = &stops_;
  context.blocks_loop = call.kind == detail::call_kind::plain;
  return context;
}

void worker_actor::finish(const accepted_call& call, detail::bytes&& result,
  const std::exception_ptr& thrown, const task_context& context, clock::time_point started,
  bool lingers) {
  end_item(context, thrown, result);
  publish(call, thrown != nullptr, std::move(result), started, lingers);
  admission_.finished();
}

void worker_actor::publish(const accepted_call& call, bool threw, detail::bytes&& payload,
  clock::time_point started, bool lingers) {
  leave_cell(call.cell);
  link::frame_header header;
  header.flags = lingers ? link::lingers : std::uint8_t{0};
  header.kind = threw ? link::frame_kind::threw : link::frame_kind::value;
  header.cell = call.cell;
  header.task = call.task;
  now_ = clock::now();
  header.extra = static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::nanoseconds>(now_ - started).count());
  link_.send(header, std::move(payload));
  // Now, since whatever runs next may take long. It costs a system call only while the parent sleeps,
  // which then does not for a while.
  link_.ring_now();
}

void worker_actor::refuse(const accepted_call& call, const std::exception_ptr& why) {
  now_ = clock::now();
  if (!claim(call))
    return;
  const auto context = context_of(call);
  const on_cpu mark(current_, call.cell + 1u);
  handle(why, context);
  publish(call, true, report(why, context), now_);
}

void worker_actor::handle(const std::exception_ptr& thrown, const task_context& context) {
  if (settings_.exception_handler == nullptr)
    return;
  const on_cpu mark(current_, context.cell + 1u);
  const as_current_task current(&context);
  try {
    settings_.exception_handler(thrown);
  } catch (...) {
    // Its errors must not hide the task's.
  }
}

// -- tasks that wait for their pool -----------------------------------------------------------------------

std::optional<task_place> worker_actor::calling_task() const {
  const auto* context = current_task();
  return context == nullptr ? std::nullopt
                            : std::optional(task_place{context->cell, context->in_cell});
}

bool worker_actor::runs_plain_function() const {
  const auto place = calling_task();
  return place && started_[place->cell].kind == detail::call_kind::plain;
}

void worker_actor::reserve_lend_of_thread() {
  reserve_lend();
  try {
    threads_.lend();
  } catch (const std::system_error& e) {
    lent_.fetch_sub(1);
    throw std::system_error(e.code(),
      "a blocking function that waits for its pool needs another thread in its place, and none "
      "can be made");
  }
}

void worker_actor::reserve_lend() {
  if (lent_.fetch_add(1) < limits::max_lent_tasks)
    return;
  lent_.fetch_sub(1);
  throw error(
    "more than " + std::to_string(limits::max_lent_tasks) +
    " tasks of this child wait for tasks which they have submitted: submit fewer at once");
}

void worker_actor::lend(task_place place) {
  auto& task = started_[place.cell];
  if (task.task == place.task && task.waits == 0)
    reserve_lend();
  lend_reserved(place);
}

void worker_actor::lend_reserved(task_place place) {
  auto& task = started_[place.cell];
  if (task.task != place.task || task.waits++ > 0)
    return;
  admission_.lend(task.task, task.kind, task.nesting, task.start);
  link::frame_header header;
  header.kind = link::frame_kind::lend;
  header.cell = place.cell;
  header.task = task.task;
  header.extra = task.start;
  link_.send(header, {});
}

void worker_actor::reclaim(task_place place) {
  auto& task = started_[place.cell];
  if (task.task == place.task && task.waits > 0 && --task.waits == 0)
    end_lend(place.cell);
}

void worker_actor::end_lend(std::uint32_t cell) {
  const auto& task = started_[cell];
  lent_.fetch_sub(1);
  admission_.reclaim(task.task);
  if (task.kind == detail::call_kind::blocking)
    threads_.reclaim();
  link::frame_header header;
  header.kind = link::frame_kind::reclaim;
  header.cell = cell;
  header.task = task.task;
  link_.send(header, {});
}

} // namespace troupe::child
