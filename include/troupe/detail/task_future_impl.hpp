#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/task_future.hpp>

#pragma GCC visibility push(default)

// The bodies of task_future.hpp, which includes this.
namespace troupe {

namespace detail {

/// The value of a promise that is done; throws its failure.
template <class R>
R take_result(const promise& done) {
  if (const auto error = done.error())
    std::rethrow_exception(error);
  decoder in(view(done.result().payload));
  if constexpr (std::is_void_v<R>) {
    in.finish();
  } else {
    R value = in.make<R>();
    in.finish();
    return value;
  }
}

/// Begins to wait for a task, and calls `handler` with its result or error when it is done.
template <class R, class Handler>
void start_wait(const task_ptr& task, const pool_ref& pool, Handler handler) {
  std::shared_ptr<void> lent;
  try {
    if (!task->done())
      lent = pool->lend();
  } catch (...) { // an operation must not throw where it is started
    fail_later<R>(std::move(handler), std::current_exception());
    return;
  }
  when_resolved(
    task, std::move(handler),
    [lent = std::move(lent)](Handler&& h, const promise* done) mutable {
      lent.reset(); // before the coroutine goes on
      complete_with_result<R>(std::move(h), done);
    },
    [task, pool] { pool->cancel(task, true); });
}

} // namespace detail

template <class R>
R task_future<R>::get() {
  wait();
  return detail::take_result<R>(*task_);
}

template <class R>
void task_future<R>::wait() {
  detail::wait_for_task(
    pool_, *task_, std::chrono::steady_clock::time_point::max(), "task_future::get");
}

template <class R>
template <class Rep, class Period>
bool task_future<R>::wait_for(std::chrono::duration<Rep, Period> time) {
  return detail::wait_for_task(pool_, *task_,
    std::chrono::steady_clock::now() + std::chrono::ceil<std::chrono::steady_clock::duration>(time),
    "task_future::wait_for");
}

} // namespace troupe

#pragma GCC visibility pop
