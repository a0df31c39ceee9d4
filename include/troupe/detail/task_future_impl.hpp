#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/task_future.hpp>

#pragma GCC visibility push(default)

// The bodies of task_future.hpp, which includes this.
namespace troupe {

namespace detail {

template <class R>
R take_result(const item_outcome& from) {
  if (from.what != outcome::kind::value)
    std::rethrow_exception(from.failure());
  decoder in(from.payload);
  if constexpr (std::is_void_v<R>) {
    in.finish();
  } else {
    R value = in.make<R>();
    in.finish();
    return value;
  }
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
