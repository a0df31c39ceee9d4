#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/result_iterator.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/task_future.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

namespace detail {

template <class T>
inline constexpr bool is_task_future_v = false;
template <class R>
inline constexpr bool is_task_future_v<task_future<R>> = true;

/// The tasks of an `as_completed`, and those of them that are done.
class completion_order {
public:
  completion_order();
  completion_order(const completion_order&) = delete;
  completion_order& operator=(const completion_order&) = delete;
  ~completion_order();

  void add(const task_ptr& task, const pool_ref& pool);
  /// Whether there are tasks that `take` has not given.
  bool expects_more() const noexcept;
  bool ready() const;
  /// The index of one that is done.
  std::size_t take();
  void wait();
  promise_ptr next_completion();
  std::shared_ptr<void> lend();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace detail

/// Some futures in the order of their completion, whatever they are of:
///
///     auto page = pool.apply(fetch, url);              // a task_future<std::string>
///     auto size = other_pool.apply(measure, file);     // a task_future<int>
///     for (std::size_t index : troupe::as_completed(page, size))
///       ... // 0: page is done, 1: size is done
///
///     std::vector<troupe::task_future<int>> many = ...;
///     troupe::as_completed done(many);
///     while (auto index = co_await done.next())
///       use(many[*index].get()); // or throws
///
/// Looks at the futures, and takes nothing from them: their results stay there. It does not refer to them later,
/// only to their tasks. While it lives, those of them that are not done may be waited for with `get`, but not awaited.
/// For one thread at a time. O(1) for each that is done.
class as_completed {
public:
  /// Of futures that are given one by one.
  template <class... R>
  requires(sizeof...(R) > 0) explicit as_completed(const task_future<R>&... futures) {
    (add(futures), ...);
  }
  /// Of those in a range.
  template <std::ranges::input_range Range>
  requires detail::is_task_future_v<std::ranges::range_value_t<Range>>
  explicit as_completed(const Range& futures) {
    for (const auto& future : futures)
      add(future);
  }

  /// The index of the next to be done, without blocking (include coroutine.hpp); nothing when all have been given. If the wait is
  /// cancelled, it throws `boost::system::system_error` (`operation_aborted`), and may be called again.
  detail::awaitable<std::optional<std::size_t>> next();
  /// The same, blocking. Throws `std::logic_error` as `task_future::get`.
  std::optional<std::size_t> next_blocking();

  /// Iterates over the indices; `begin` and `++` wait as `next_blocking` does.
  auto begin() { return detail::result_iterator<as_completed, std::size_t>(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

private:
  template <class R>
  void add(const task_future<R>& future) {
    order_.add(future.task_, future.pool_);
  }

  detail::completion_order order_;
};

/// Waits until one of the futures is done, and gives its index. Throws `std::logic_error` as
/// `task_future::get`.
template <class... R>
std::size_t wait_any(const task_future<R>&... futures) {
  return *as_completed(futures...).next_blocking();
}

/// `co_await when_any(a, b)`, an `asio::awaitable<std::size_t>` (include coroutine.hpp): the same without blocking. The
/// futures must live until then.
template <class... R>
auto when_any(const task_future<R>&... futures) {
  return detail::coroutines_of<std::tuple<task_future<R>...>>().any(futures...);
}

} // namespace troupe

#pragma GCC visibility pop
