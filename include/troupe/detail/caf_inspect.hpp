#pragma once

#include <caf/meta/annotation.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/save_callback.hpp>

#include <type_traits>

// What CAF 0.17's inspect() functions pass beside fields: names and hints, which the codec skips, and
// callbacks, which it must call.
namespace troupe::detail {

template <class T>
inline constexpr bool is_annotation_v = std::is_base_of_v<caf::meta::annotation, T>;

template <class T>
inline constexpr bool is_load_callback_v = caf::meta::is_load_callback<T>::value;

template <class T>
inline constexpr bool is_save_callback_v = caf::meta::is_save_callback<T>::value;

// A callback returns nothing, or something that is true on error.
template <class Fun>
bool callback_failed(Fun& fun) {
  if constexpr (std::is_void_v<decltype(fun())>)
    return fun(), false;
  else
    return static_cast<bool>(fun());
}

} // namespace troupe::detail
