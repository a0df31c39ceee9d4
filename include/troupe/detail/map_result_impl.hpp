#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/map_result.hpp>

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
auto map_result<R>::next_blocking() -> std::optional<value_type> {
  const auto task = window_->front();
  if (!task)
    return std::nullopt;
  window_->wait(*task);
  window_->pop();
  return detail::take_item<R>(*task);
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
