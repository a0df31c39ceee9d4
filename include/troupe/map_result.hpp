#pragma once

#include <troupe/detail/map_window.hpp>
#include <troupe/map_options.hpp>
#include <troupe/task_future.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

namespace detail {

/// A function that returns nothing maps to this.
template <class R>
using item_value_t = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

template <class R>
item_value_t<R> take_item(const promise& task) {
  if constexpr (std::is_void_v<R>) {
    take_result<void>(task);
    return {};
  } else {
    return take_result<R>(task);
  }
}

/// An input iterator over what `Result::next_item` gives.
template <class Result, class Value>
class result_iterator {
public:
  using value_type = Value;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::input_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using reference = Value&;
  using pointer = Value*;

  explicit result_iterator(Result& result)
    : result_(&result) {
    ++*this;
  }
  Value& operator*() const { return *current_; }
  Value* operator->() const { return &*current_; }
  result_iterator& operator++() {
    current_ = result_->next_blocking();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const result_iterator& it, std::default_sentinel_t) {
    return !it.current_;
  }

private:
  Result* result_;
  mutable std::optional<Value> current_;
};

} // namespace detail

/// The results of `pool.map` and `pool.starmap`, in input order. Move-only, for one thread at a time.
///
/// The input is read as results are taken: at most `map_options::buffersize` items are in flight or
/// unread. An input of at most that size has been read when `map` returns; a longer one is read by the
/// thread that takes the results, and must live until then.
template <class R>
class map_result {
public:
  /// A value of the results; `std::monostate` where the function returns nothing.
  using value_type = detail::item_value_t<R>;

  map_result(
    detail::pool_ref pool, std::unique_ptr<detail::map_source> source, const map_options& options)
    : window_(std::make_unique<detail::ordered_window>(std::move(pool), std::move(source), options))
    , fail_fast_(options.fail_fast) {}

  /// Waits for all that has not been taken, and returns it. Throws the first failure in input order; if
  /// `map_options::fail_fast`, tasks that have not been started are cancelled then. A second call
  /// returns what is left: nothing.
  std::vector<value_type> get() {
    std::vector<value_type> all;
    all.reserve(window_->size_hint());
    try {
      while (auto value = next_blocking())
        all.push_back(std::move(*value));
    } catch (...) {
      if (fail_fast_)
        window_->cancel(false);
      throw;
    }
    return all;
  }

  /// Iterates in input order, each result as soon as it is ready, waiting where it is not. An item that
  /// failed throws from `begin` or `++`; after that the next one may be asked for with `begin` again.
  auto begin() { return detail::result_iterator<map_result, value_type>(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The next result, without blocking: `while (auto value = co_await results.next())`. Nothing at the
  /// end. Throws the item's failure.
  boost::asio::awaitable<std::optional<value_type>> next() {
    const auto task = window_->front();
    if (!task)
      co_return std::nullopt;
    if (!task->done()) {
      // Not a temporary: g++ 12 destroys aggregate temporaries of a co_await expression twice.
      detail::resolution resolved{task};
      const auto lent = window_->lend();
      co_await std::move(resolved);
    }
    window_->pop();
    co_return detail::take_item<R>(*task);
  }

  /// `co_await pool.map(...)`: as `get`, without blocking.
  template <class CompletionToken>
  requires(!std::is_pointer_v<std::decay_t<CompletionToken>>) // which Asio tries as well
    auto
    operator()(CompletionToken&& token) {
    using values = std::vector<value_type>;
    return boost::asio::async_initiate<CompletionToken, void(detail::awaited<values>)>(
      [this](auto handler) {
        auto executor = boost::asio::get_associated_executor(handler);
        boost::asio::co_spawn(executor, all(),
          [h = std::move(handler)](std::exception_ptr error, values all_values) mutable {
            std::move(h)(detail::awaited<values>{std::move(error), std::move(all_values)});
          });
      },
      token);
  }

  /// Cancels all tasks that are not done, as `task_future::cancel`, and reads no more input.
  void cancel() { window_->cancel(true); }

  /// How far it has come. Also from another thread than that which takes the results.
  map_progress progress() const noexcept { return window_->progress(); }

  std::optional<value_type> next_blocking() {
    const auto task = window_->front();
    if (!task)
      return std::nullopt;
    window_->wait(*task);
    window_->pop();
    return detail::take_item<R>(*task);
  }

private:
  boost::asio::awaitable<std::vector<value_type>> all() {
    std::vector<value_type> values;
    try {
      while (auto value = co_await next())
        values.push_back(std::move(*value));
    } catch (...) {
      if (fail_fast_)
        window_->cancel(false);
      throw;
    }
    co_return values;
  }

  std::unique_ptr<detail::ordered_window> window_;
  bool fail_fast_;
};

/// One result of `pool.map_unordered`.
template <class R>
class map_item {
public:
  explicit map_item(detail::task_ptr task)
    : task_(std::move(task)) {}

  /// Position of the item in the input, from 0.
  std::size_t index() const noexcept { return task_->index; }
  /// The value; throws the item's failure, as `task_future::get`.
  R value() const { return detail::take_result<R>(*task_); }
  /// The failure, or null.
  std::exception_ptr error() const { return task_->error(); }
  bool has_value() const noexcept { return task_->result().what == detail::outcome::kind::value; }

private:
  detail::task_ptr task_;
};

/// The results of `pool.map_unordered`, in the order of their completion. Iteration never throws for an
/// item's failure: that is the item's. Otherwise as `map_result`.
template <class R>
class unordered_map_result {
public:
  using value_type = map_item<R>;

  unordered_map_result(
    detail::pool_ref pool, std::unique_ptr<detail::map_source> source, const map_options& options)
    : window_(
        std::make_unique<detail::unordered_window>(std::move(pool), std::move(source), options)) {}

  auto begin() { return detail::result_iterator<unordered_map_result, map_item<R>>(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// The next item to be done, without blocking; nothing at the end.
  boost::asio::awaitable<std::optional<map_item<R>>> next() {
    if (!window_->expects_more())
      co_return std::nullopt;
    if (!window_->ready()) {
      detail::unordered_window::readiness ready{*window_};
      const auto lent = window_->lend();
      co_await std::move(ready);
    }
    co_return map_item<R>(window_->take());
  }

  /// Cancels all tasks that are not done, as `task_future::cancel`, and reads no more input.
  void cancel() { window_->cancel(); }

  /// How far it has come. Also from another thread than that which takes the results.
  map_progress progress() const noexcept { return window_->progress(); }

  std::optional<map_item<R>> next_blocking() {
    if (!window_->expects_more())
      return std::nullopt;
    window_->wait();
    return map_item<R>(window_->take());
  }

private:
  std::unique_ptr<detail::unordered_window> window_;
};

} // namespace troupe
