#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/map_window.hpp>
#include <troupe/detail/result_iterator.hpp>
#include <troupe/map_options.hpp>
#include <troupe/task_future.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

namespace detail {

/// A function that returns nothing maps to this.
template <class R>
using item_value_t = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

} // namespace detail

/// The results of `pool.map` and `pool.starmap`, in input order. Move-only, for one thread at a time.
///
/// The input is read as results are taken: at most `map_options::buffersize` items are in flight or
/// unread. An input whose size is known, and at most that, has been read when `map` returns. Any other is read
/// by the thread that takes the results, and must live until then; if it comes slowly, results that are ready go
/// first. What it throws comes after the results of the items before.
template <class R>
class map_result {
public:
  /// A value of the results; `std::monostate` where the function returns nothing.
  using value_type = detail::item_value_t<R>;

  map_result(const detail::pool_ref& pool, std::unique_ptr<detail::map_source> source,
    const map_options& options)
    : window_(detail::open_ordered_window(pool, std::move(source), options))
    , fail_fast_(options.fail_fast) {}

  /// Waits for all results that have not been taken, and returns them. A second call returns what is left:
  /// nothing.
  ///
  /// Throws the first failure in input order, as `task_future::get`; if `map_options::fail_fast`, tasks that
  /// have not been started are cancelled then. Throws what reading the input throws, `encode_error` for an
  /// item that cannot be encoded, and `std::logic_error` where the calling thread must not block.
  std::vector<value_type> get();

  /// Iterates in input order over the results, each as soon as it is ready; `begin` and `++` wait for it.
  /// They throw as `get`, but cancel nothing; after an item that failed the iteration may go on with `begin`.
  auto begin() { return detail::result_iterator<map_result, value_type>(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The next result, without blocking (include coroutine.hpp): `while (auto value = co_await results.next())`. Nothing at the
  /// end. Throws as `get`, but cancels nothing. If the wait is cancelled, as the loser against a timer, it throws
  /// `boost::system::system_error` (`operation_aborted`), and another `next` gets that result.
  detail::awaitable<std::optional<value_type>> next() {
    return detail::coroutines_of<map_result>().next(window_);
  }

  /// `co_await pool.map(...)`: as `get`, without blocking. Takes any completion token, as
  /// `task_future::operator()`; the signature is `void(std::exception_ptr, std::vector<value_type>)`. If the wait
  /// is cancelled, so are the tasks, and it throws `task_cancelled`.
  template <detail::completion_token CompletionToken>
  auto operator()(CompletionToken&& token) {
    return detail::coroutines_of<map_result>().wait(
      window_, fail_fast_, std::forward<CompletionToken>(token));
  }

  /// Cancels all tasks that are not done, as `task_future::cancel`, and reads no more input.
  void cancel() { window_->cancel(true); }

  /// How far it has come. May be called on any thread.
  map_progress progress() const noexcept { return window_->progress(); }

  /// What iterators call: the next result, or nothing at the end. Waits and throws as they do.
  std::optional<value_type> next_blocking();

private:
  std::shared_ptr<detail::ordered_window> window_; // also of a wait that outlives this
  bool fail_fast_;
};

namespace detail {
template <class R>
inline constexpr bool is_awaited_by_name<map_result<R>> = true;
} // namespace detail

/// One result of `pool.map_unordered`. Items that travelled together are kept together: as long as one lives, so do the
/// results of the others.
template <class R>
class map_item {
public:
  explicit map_item(detail::taken_item item)
    : item_(std::move(item)) {}

  /// Position of the item in the input, from 0.
  std::size_t index() const noexcept { return item_.index; }
  /// The value. Throws the item's failure, as `task_future::get`. May be called again, with the same result.
  R value() const { return detail::take_result<R>(item_.outcome); }
  /// The failure, or null.
  std::exception_ptr error() const { return item_.outcome.failure(); }
  bool has_value() const noexcept { return item_.outcome.what == detail::outcome::kind::value; }

private:
  detail::taken_item item_;
};

/// The results of `pool.map_unordered`, in the order of their completion. Move-only, for one thread at a
/// time. Iteration throws what reading the input throws, `encode_error`, and `std::logic_error` where the
/// calling thread must not block, but no failure of an item: `map_item::value` does. The input is read as
/// that of a `map_result`.
template <class R>
class unordered_map_result {
public:
  using value_type = map_item<R>;

  unordered_map_result(const detail::pool_ref& pool, std::unique_ptr<detail::map_source> source,
    const map_options& options)
    : window_(detail::open_unordered_window(pool, std::move(source), options)) {}
  unordered_map_result(unordered_map_result&&) noexcept = default;
  unordered_map_result& operator=(unordered_map_result&&) noexcept = default;

  auto begin() { return detail::result_iterator<unordered_map_result, map_item<R>>(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The next item to be done, without blocking: `while (auto item = co_await results.next())`. Nothing at
  /// the end. Throws as iteration does; can be cancelled as that of `map_result`.
  detail::awaitable<std::optional<map_item<R>>> next() {
    return detail::coroutines_of<unordered_map_result>().next(*window_);
  }

  /// Cancels all tasks that are not done, as `task_future::cancel`, and reads no more input.
  void cancel() { window_->cancel(); }

  /// How far it has come. May be called on any thread.
  map_progress progress() const noexcept { return window_->progress(); }

  /// What iterators call: the next item, or nothing at the end. Waits and throws as they do.
  std::optional<map_item<R>> next_blocking();

private:
  std::shared_ptr<detail::unordered_window> window_;
};

} // namespace troupe

#pragma GCC visibility pop

#include <troupe/detail/map_result_impl.hpp>
