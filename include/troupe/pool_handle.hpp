#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/callable.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/detail/submission.hpp>
#include <troupe/errors.hpp>
#include <troupe/map_options.hpp>
#include <troupe/map_result.hpp>
#include <troupe/task_future.hpp>
#include <troupe/task_options.hpp>

#include <cstdint>
#include <stdexcept>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// A pool, as an argument of a task: with it the task submits tasks of its own, to the pool that runs it
/// or to another one of the same program.
///
///     int fib(troupe::pool_handle pool, int n) {
///       if (n < 2)
///         return n;
///       auto first = pool.apply(fib, pool, n - 1);
///       return pool.apply(fib, pool, n - 2).get() + first.get();
///     }
///
///     int result = pool.apply(fib, pool.handle(), 20).get();
///
/// Values, exceptions and `child_lost` come as in the parent. The futures are waited for by `get`, `wait` and
/// `wait_for` in plain and blocking functions, and by `co_await` in coroutines. A submitted task is the
/// pool's: it goes on if the future is dropped, and also if the child of the task that submitted it dies.
/// Until the pool has drained, its tasks may submit to it, also after `pool::close`.
///
/// Nested tasks cannot deadlock: while a task waits for a task of a pool, its place is lent, and its child
/// runs others meanwhile. A plain function that waits stays on the stack, and what is run meanwhile runs on
/// top of it, so it goes on no sooner than that has ended or waits itself. Coroutines of the child take
/// their steps as well: a plain function that must not be interrupted by other tasks does not wait for its
/// pool. Nested tasks are started before others, the most deeply nested first. An initializer has no place
/// to lend: one that waits for the pool which it belongs to may wait for its own child.
///
/// Bounds: a recursion may be 4096 tasks deep (`troupe::error` from the future); plain functions that wait
/// on top of each other must leave a quarter of the child's stack free, and at most 4096 tasks of a child
/// may wait at once (`troupe::error` from the call that waits). A child may have 131,072 tasks of its own
/// that are not done, with 2 GiB of arguments (`troupe::error` from the future).
///
/// A child can submit to a pool only if a handle of it was sent there.
///
/// A value; copies name the same pool. Thread-safe.
class pool_handle {
public:
  /// No pool: submitting throws `std::logic_error`.
  pool_handle() = default;
  explicit pool_handle(detail::pool_ref pool)
    : pool_(std::move(pool)) {}

  bool valid() const noexcept { return pool_ != nullptr; }

  /// As `pool::apply`. In a child, a pool that takes no more tasks, or has no room, makes the future throw
  /// rather than this function; and `retries.retry_on` cannot be given there (`std::invalid_argument`).
  template <class F = detail::several_functions, class... Args>
  requires detail::one_function<F, Args...>
  auto apply(F&& f, Args&&... args) const {
    return detail::submit<F, Args...>(open_pool(), nullptr, f, std::forward<Args>(args)...);
  }
  template <detail::one_function F = detail::several_functions, class... Args>
  auto apply(task_options options, F&& f, Args&&... args) const {
    auto checked = detail::checked_options(std::move(options));
    return detail::submit<F, Args...>(
      open_pool(), std::move(checked), f, std::forward<Args>(args)...);
  }

  /// As `pool::map`.
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map(F&& f, Range&& range) const {
    return detail::map_items(open_pool(), map_options{}, f, std::forward<Range>(range));
  }
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map(const map_options& options, F&& f, Range&& range) const {
    return detail::map_items(open_pool(), options, f, std::forward<Range>(range));
  }

  /// As `pool::starmap`.
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto starmap(F&& f, Range&& range) const {
    return detail::starmap_items(open_pool(), map_options{}, f, std::forward<Range>(range));
  }
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto starmap(const map_options& options, F&& f, Range&& range) const {
    return detail::starmap_items(open_pool(), options, f, std::forward<Range>(range));
  }

  /// As `pool::map_unordered`.
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map_unordered(F&& f, Range&& range) const {
    return detail::map_items_unordered(open_pool(), map_options{}, f, std::forward<Range>(range));
  }
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map_unordered(const map_options& options, F&& f, Range&& range) const {
    return detail::map_items_unordered(open_pool(), options, f, std::forward<Range>(range));
  }

  friend void inspect(detail::encode_inspector& out, pool_handle& handle) {
    if (!handle.valid())
      throw encode_error("a troupe::pool_handle that was default-constructed names no pool");
    out(handle.pool_->id());
  }
  friend void inspect(detail::decode_inspector& in, pool_handle& handle) {
    std::uint64_t id = 0;
    in(id);
    handle.pool_ = detail::find_pool(id);
  }

private:
  const detail::pool_ref& open_pool() const {
    if (!pool_)
      throw std::logic_error("a troupe::pool_handle that was default-constructed names no pool");
    pool_->check_open();
    return pool_;
  }

  detail::pool_ref pool_;
};

} // namespace troupe

#pragma GCC visibility pop
