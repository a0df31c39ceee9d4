#pragma once

#include <troupe/detail/compiler.hpp>

#include <type_traits>

// What CAF 0.17's inspect() functions pass beside fields: names and hints, which the codec skips, and
// callbacks, which it must call. Only declared here: who writes such a function includes CAF.
namespace caf::meta {

struct annotation;
template <class F>
struct load_callback_t;
template <class F>
struct save_callback_t;

} // namespace caf::meta

#pragma GCC visibility push(default)

namespace troupe::detail {

template <class T>
inline constexpr bool is_annotation_v =
  std::is_class_v<T>&& std::is_base_of_v<caf::meta::annotation, T>;

template <class T>
inline constexpr bool is_load_callback_v = false;
template <class F>
inline constexpr bool is_load_callback_v<caf::meta::load_callback_t<F>> = true;

template <class T>
inline constexpr bool is_save_callback_v = false;
template <class F>
inline constexpr bool is_save_callback_v<caf::meta::save_callback_t<F>> = true;

// A callback returns nothing, or something that is true on error.
template <class Fun>
bool callback_failed(Fun& fun) {
  if constexpr (std::is_void_v<decltype(fun())>)
    return fun(), false;
  else
    return static_cast<bool>(fun());
}

} // namespace troupe::detail

#pragma GCC visibility pop
