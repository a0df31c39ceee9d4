#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/map_result.hpp>

#pragma GCC visibility push(default)

// The bodies of map_result.hpp, which includes this.
namespace troupe {

namespace detail {

template <class R>
item_value_t<R> take_item(const item_outcome& item) {
  if constexpr (std::is_void_v<R>) {
    take_result<void>(item);
    return {};
  } else {
    return take_result<R>(item);
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
auto map_result<R>::next_blocking() -> std::optional<value_type> {
  auto* const task = window_->front();
  if (task == nullptr)
    return std::nullopt;
  if (!task->done())
    window_->wait(*task);
  return detail::take_item<R>(window_->take());
}

// -- unordered ------------------------------------------------------------------------------------------

template <class R>
auto unordered_map_result<R>::next_blocking() -> std::optional<map_item<R>> {
  if (!window_->expects_more())
    return std::nullopt;
  window_->wait();
  return map_item<R>(window_->take());
}

} // namespace troupe

#pragma GCC visibility pop
