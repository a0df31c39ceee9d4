#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/map_result.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#pragma GCC visibility push(default)

// The bodies of map_result.hpp, which includes this.
namespace troupe {

namespace detail {

template <class R>
item_value_t<R> take_item(const promise& task) {
  if constexpr (std::is_void_v<R>) {
    take_result<void>(task);
    return {};
  } else {
    return take_result<R>(task);
  }
}

} // namespace detail

// -- ordered --------------------------------------------------------------------------------------------

template <class R>
auto map_result<R>::get() -> std::vector<value_type> {
  std::vector<value_type> values;
  values.reserve(window_->size_hint());
  try {
    while (auto value = next_blocking())
      values.push_back(std::move(*value));
  } catch (...) {
    if (fail_fast_)
      window_->cancel(false);
    throw;
  }
  return values;
}

template <class R>
auto map_result<R>::next_of(window_ref window)
  -> boost::asio::awaitable<std::optional<value_type>> {
  const auto task = window->front();
  if (!task)
    co_return std::nullopt;
  if (!task->done()) {
    detail::resolution resolved(task);
    const auto lent = window->lend();
    co_await std::move(resolved);
  }
  window->pop();
  co_return detail::take_item<R>(*task);
}

template <class R>
auto map_result<R>::next_blocking() -> std::optional<value_type> {
  const auto task = window_->front();
  if (!task)
    return std::nullopt;
  window_->wait(*task);
  window_->pop();
  return detail::take_item<R>(*task);
}

template <class R>
auto map_result<R>::all_of(window_ref window, bool fail_fast)
  -> boost::asio::awaitable<std::vector<value_type>> {
  std::vector<value_type> values;
  std::exception_ptr failure;
  try {
    while (auto value = co_await next_of(window))
      values.push_back(std::move(*value));
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure)
    co_return values;
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none) {
    window->cancel(true);
    throw task_cancelled("the wait for the results of a map was cancelled");
  }
  if (fail_fast)
    window->cancel(false);
  std::rethrow_exception(failure);
}

template <class R>
template <class Handler>
void map_result<R>::start(const window_ref& window, bool fail_fast, Handler handler) {
  using values = std::vector<value_type>;
  const auto executor = detail::executor_for(handler);
  const auto slot = boost::asio::get_associated_cancellation_slot(handler);
  boost::asio::co_spawn(executor, all_of(window, fail_fast),
    boost::asio::bind_cancellation_slot(
      slot, [h = std::move(handler)](std::exception_ptr error, values taken) mutable {
        std::move(h)(std::move(error), std::move(taken));
      }));
}

// -- unordered ------------------------------------------------------------------------------------------

template <class R>
auto unordered_map_result<R>::next() -> boost::asio::awaitable<std::optional<map_item<R>>> {
  if (!window_->expects_more())
    co_return std::nullopt;
  if (!window_->ready()) {
    detail::resolution ready(window_->next_completion());
    const auto lent = window_->lend();
    co_await std::move(ready);
  }
  co_return map_item<R>(window_->take());
}

template <class R>
auto unordered_map_result<R>::next_blocking() -> std::optional<map_item<R>> {
  if (!window_->expects_more())
    return std::nullopt;
  window_->wait();
  return map_item<R>(window_->take());
}

} // namespace troupe

#pragma GCC visibility pop
