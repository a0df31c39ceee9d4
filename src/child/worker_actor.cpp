#include "child/worker_actor.hpp"

#include "child/describe_exception.hpp"
#include "child/throw_recorder.hpp"
#include "core/exception_codec.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <utility>

#include <unistd.h>

namespace troupe::child {

namespace {

// Runs the thunk; the exception that left it, or null.
std::exception_ptr invoke(
  const call_message& call, const task_context& context, detail::bytes& result) noexcept {
  const record_throws recording;
  const as_current_task current(&context);
  try {
    detail::invocation invocation{detail::view(call.arguments), call.target, result};
    reinterpret_cast<detail::plain_thunk>(call.thunk)(invocation);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

} // namespace

worker_actor::worker_actor(caf::actor_config& config, loop::event_loop& loop, parent_link& link,
  stop_requests& stops, settings options)
  : loop_actor(config, loop)
  , link_(link)
  , stops_(stops)
  , settings_(options)
  , slots_(link.region().slots())
  , current_(link.region().header().current)
  , admission_(options.concurrency)
  , threads_(options.blocking_threads)
  , coroutines_(slots_.size()) {}

caf::behavior worker_actor::make_behavior() {
  return {[this](call_message& call) { admission_.push(std::move(call)); }};
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
    call_message call = admission_.take();
    worked = true;
    if (slots_.start(call.slot, call.task, now_.time_since_epoch().count()))
      start(call);
    else
      admission_.finished(); // taken back by the parent
  }
  return worked;
}

void worker_actor::start(call_message& call) {
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

void worker_actor::run_plain(call_message& call) {
  const auto started = now_;
  detail::bytes result;
  std::exception_ptr thrown;
  {
    const on_cpu mark(current_, call.slot + 1u);
    const auto context = context_of(call);
    thrown = invoke(call, context, result);
  }
  finish(call, std::move(result), thrown, started);
}

task_context worker_actor::context_of(const call_message& call) const {
  task_context context;
  context.task = call.task;
  context.slot = call.slot;
  context.attempt = call.attempt;
  context.position = settings_.position;
  if (call.timeout > std::chrono::nanoseconds::zero())
    context.deadline = now_ + call.timeout;
  context.stops = &stops_;
  context.blocks_loop = call.kind == detail::call_kind::plain;
  return context;
}

// A task that is not finished when `start` returns. Stays where it is: `invocation` points into it.
struct worker_actor::running_task {
  running_task(call_message&& message, task_context told, clock::time_point start_time)
    : call(std::move(message))
    , context(told)
    , started(start_time) {}
  running_task(const running_task&) = delete;

  call_message call;
  task_context context;
  detail::bytes result;
  detail::invocation invocation{detail::view(call.arguments), call.target, result};
  clock::time_point started;
};

struct worker_actor::running_coroutine : running_task {
  using running_task::running_task;
  boost::asio::cancellation_signal cancellation;
};

void worker_actor::start_coroutine(call_message& call) {
  const auto context = context_of(call);
  const auto task = std::make_shared<running_coroutine>(std::move(call), context, now_);
  const auto scope =
    std::make_shared<task_scope>(task_scope{current_, task->call.slot + 1u, &task->context});
  coroutines_[task->call.slot] = task.get();
  const auto thunk = reinterpret_cast<detail::coroutine_thunk>(task->call.thunk);
  auto when_done = [this, task, scope](const std::exception_ptr& thrown) {
    scope->slot_plus_1 = 0;
    scope->context = nullptr;
    coroutines_[task->call.slot] = nullptr;
    finish(task->call, std::move(task->result), thrown, task->started);
  };
  boost::asio::co_spawn(task_executor(loop().io().get_executor(), scope), thunk(task->invocation),
    boost::asio::bind_cancellation_slot(task->cancellation.slot(), std::move(when_done)));
}

void worker_actor::stop(std::uint32_t slot, task_id task) {
  if (slot >= coroutines_.size() || coroutines_[slot] == nullptr ||
      coroutines_[slot]->call.task != task)
    return;
  const auto& context = coroutines_[slot]->context;
  const on_cpu mark(current_, slot + 1u);
  const as_current_task current(&context);
  coroutines_[slot]->cancellation.emit(boost::asio::cancellation_type::terminal);
}

void worker_actor::start_blocking(call_message& call) {
  const auto context = context_of(call);
  const auto task = std::make_shared<running_task>(std::move(call), context, now_);
  threads_.run([this, task] {
    const auto thrown = invoke(task->call, task->context, task->result);
    boost::asio::post(loop().io(),
      [this, task, thrown] { finish(task->call, std::move(task->result), thrown, task->started); });
  });
}

void worker_actor::finish(const call_message& call, detail::bytes&& result,
  const std::exception_ptr& thrown, clock::time_point started) {
  link::frame_header header;
  header.kind = thrown ? link::frame_kind::threw : link::frame_kind::value;
  header.slot = call.slot;
  header.task = call.task;
  if (thrown)
    result = report(call, thrown);
  now_ = clock::now();
  header.extra = static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::nanoseconds>(now_ - started).count());
  stops_.forget(call.slot);
  slots_.finish(call.slot, call.task);
  link_.send(header, std::move(result));
  // Now, since whatever runs next may take long. It costs a system call only while the parent sleeps,
  // which then does not for a while.
  link_.ring_now();
  admission_.finished();
}

detail::bytes worker_actor::report(const call_message& call, const std::exception_ptr& thrown) {
  if (settings_.exception_handler != nullptr) {
    try {
      settings_.exception_handler(thrown);
    } catch (...) {
      // Its errors must not hide the task's.
    }
  }
  auto description = describe_exception(thrown);
  description.pid = ::getpid();
  description.slot = settings_.position;
  description.task = call.task;
  description.attempt = call.attempt;
  detail::bytes encoded;
  detail::encode_report(encoded, description);
  return encoded;
}

} // namespace troupe::child
