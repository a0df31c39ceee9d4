#pragma once

#include <troupe/detail/callable.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/map_window.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/map_options.hpp>
#include <troupe/map_result.hpp>
#include <troupe/task_future.hpp>

#include <memory>
#include <ranges>
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

/// The items of a range as tasks; `encode(bytes&, item)` encodes the arguments of one.
template <class Range, class Encode>
std::unique_ptr<map_source> make_source(const call_code& code, Range&& range, Encode encode) {
  static_assert(std::is_lvalue_reference_v<Range> ||
                  !is_specialization_v<std::remove_cvref_t<Range>, std::initializer_list>,
    "the elements of a std::initializer_list end before the map: pass a std::vector");
  auto make = [code, encode](auto&& item) {
    bytes encoded;
    encode(encoded, std::forward<decltype(item)>(item));
    return task_ptr(new task_state(code, std::move(encoded)));
  };
  return std::make_unique<range_source<Range, decltype(make)>>(
    std::forward<Range>(range), std::move(make));
}

/// For calls of `f(item)`.
template <class Callable, class F, class Range>
std::unique_ptr<map_source> item_source(const F& f, Range&& range) {
  return make_source(Callable::code(f), std::forward<Range>(range), [](bytes& out, auto&& item) {
    Callable::encode_arguments(out, std::forward<decltype(item)>(item));
  });
}

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
  return map_result<typename callable::result_type>(
    pool, item_source<callable>(f, std::forward<Range>(range)), options);
}

/// `pool::map_unordered`, for a pool that is open.
template <class F, class Range>
auto map_items_unordered(
  const pool_ref& pool, const map_options& options, const F& f, Range&& range) {
  using callable = callable_for<F, std::ranges::range_reference_t<Range>>;
  return unordered_map_result<typename callable::result_type>(
    pool, item_source<callable>(f, std::forward<Range>(range)), options);
}

/// `pool::starmap`, for a pool that is open.
template <class F, class Range>
auto starmap_items(const pool_ref& pool, const map_options& options, const F& f, Range&& range) {
  using callable = typename star_callable<F, std::ranges::range_value_t<Range>>::type;
  auto source =
    make_source(callable::code(f), std::forward<Range>(range), [](bytes& out, const auto& item) {
      std::apply(
        [&out](const auto&... elements) { callable::encode_arguments(out, elements...); }, item);
    });
  return map_result<typename callable::result_type>(pool, std::move(source), options);
}

} // namespace troupe::detail

#pragma GCC visibility pop
