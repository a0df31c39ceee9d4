#pragma once

#include <troupe/detail/callable.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/map_window.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/map_options.hpp>
#include <troupe/map_result.hpp>
#include <troupe/task_future.hpp>

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

// How calls become tasks: what `pool` and `pool_handle` have in common.
namespace troupe::detail {

/// Hands a task that calls `f(args...)` to a pool that is open. Throws as `pool::apply`.
template <class F, class... Args>
auto submit(const pool_ref& pool, std::shared_ptr<const task_options> options,
  const std::decay_t<F>& f, Args&&... args) {
  using callable = callable_for<F, Args...>;
  bytes encoded;
  callable::encode_arguments(encoded, std::forward<Args>(args)...);
  task_ptr task(new task_state(callable::code(f), std::move(encoded)));
  task->options = std::move(options);
  pool->submit(task);
  return task_future<typename callable::result_type>(std::move(task), pool);
}

/// As `submit`, once for each slot of a pool of this process.
template <class F, class... Args>
auto submit_to_slots(const pool_ref& pool, const std::shared_ptr<const task_options>& options,
  const std::decay_t<F>& f, Args&&... args) {
  using callable = callable_for<F, Args...>;
  using future = task_future<typename callable::result_type>;
  bytes encoded;
  callable::encode_arguments(encoded, std::forward<Args>(args)...);
  std::vector<future> futures;
  std::vector<task_ptr> tasks;
  const auto slots = slots_of(pool);
  for (std::size_t slot = 0; slot < slots; ++slot) {
    task_ptr task(new task_state(callable::code(f), bytes(encoded)));
    task->options = options;
    task->slot = static_cast<std::uint32_t>(slot);
    futures.push_back(future(task, pool));
    tasks.push_back(std::move(task));
  }
  pool->submit(std::move(tasks));
  return futures;
}

/// The items of a range, whose arguments `Encode::encode(bytes&, item)` makes.
template <class Encode, class Range>
std::unique_ptr<map_source> make_source(const call_code& code, Range&& range) {
  static_assert(std::is_lvalue_reference_v<Range> ||
                  !is_specialization_v<std::remove_cvref_t<Range>, std::initializer_list>,
    "the elements of a std::initializer_list end before the map: pass a std::vector");
  return std::unique_ptr<map_source>(
    new range_source<Encode, Range>(code, std::forward<Range>(range)));
}

/// Encodes items for calls of `f(item)`.
template <class Callable>
struct item_encoding {
  template <class Item>
  static void encode(bytes& arguments, Item&& item) {
    Callable::encode_arguments(arguments, std::forward<Item>(item));
  }
};

/// Encodes tuples and pairs for calls of `f(elements...)`.
template <class Callable>
struct elements_encoding {
  template <class Tuple>
  static void encode(bytes& arguments, const Tuple& elements) {
    std::apply(
      [&arguments](const auto&... each) { Callable::encode_arguments(arguments, each...); },
      elements);
  }
};

/// The callable of `f(elements of a Tuple...)`.
template <class F, class Tuple>
struct star_callable;
template <class F, class... Ts>
struct star_callable<F, std::tuple<Ts...>> {
  using type = callable_for<F, const Ts&...>;
};
template <class F, class T, class U>
struct star_callable<F, std::pair<T, U>> {
  using type = callable_for<F, const T&, const U&>;
};

/// `pool::map`, for a pool that is open.
template <class F, class Range>
auto map_items(const pool_ref& pool, const map_options& options, const F& f, Range&& range) {
  using callable = callable_for<F, std::ranges::range_reference_t<Range>>;
  return map_result<typename callable::result_type>(pool,
    make_source<item_encoding<callable>>(callable::code(f), std::forward<Range>(range)), options);
}

/// `pool::map_unordered`, for a pool that is open.
template <class F, class Range>
auto map_items_unordered(
  const pool_ref& pool, const map_options& options, const F& f, Range&& range) {
  using callable = callable_for<F, std::ranges::range_reference_t<Range>>;
  return unordered_map_result<typename callable::result_type>(pool,
    make_source<item_encoding<callable>>(callable::code(f), std::forward<Range>(range)), options);
}

/// `pool::starmap`, for a pool that is open.
template <class F, class Range>
auto starmap_items(const pool_ref& pool, const map_options& options, const F& f, Range&& range) {
  using callable = typename star_callable<F, std::ranges::range_value_t<Range>>::type;
  return map_result<typename callable::result_type>(pool,
    make_source<elements_encoding<callable>>(callable::code(f), std::forward<Range>(range)),
    options);
}

} // namespace troupe::detail

#pragma GCC visibility pop
