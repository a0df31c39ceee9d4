#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>

#include <cstdint>

#pragma GCC visibility push(default)

// The bodies of inspectors.hpp.
namespace troupe::detail {

// Calls an inspect function of either form. One of CAF 0.17 may return nothing.
template <class Inspector, class T>
void run_inspect(Inspector f, T& value) {
  if constexpr (std::is_same_v<decltype(inspect(f, value)), bool>) {
    if (!inspect(f, value))
      Inspector::fail("an inspect function returned false");
  } else {
    inspect(f, value);
  }
}

template <class... Ts>
bool encode_inspector::operator()(Ts&&... fields) const {
  const auto one = [this]<class T>(T& field) {
    using field_type = std::remove_cvref_t<T>;
    if constexpr (is_save_callback_v<field_type>) {
      if (callback_failed(field.fun))
        fail("a save callback failed");
    } else if constexpr (!is_annotation_v<field_type>) {
      out(static_cast<const field_type&>(field));
    }
  };
  (one(fields), ...);
  return true;
}

template <class T, class Valid>
void encode_inspector::transfer(const T& x, Valid&) {
  out(x);
}

template <class Get, class Set, class Valid>
void encode_inspector::transfer(Get& get, Set&, Valid&) {
  out(static_cast<const std::decay_t<std::invoke_result_t<Get&>>&>(get()));
}

template <class IsPresent, class Get, class Reset, class Set, class Valid>
void encode_inspector::transfer(IsPresent& is_present, Get& get, Reset&, Set& set, Valid& valid) {
  const bool present = is_present();
  out(present);
  if (present)
    transfer(get, set, valid);
}

template <class... Ts>
bool decode_inspector::operator()(Ts&&... fields) const {
  const auto one = [this]<class T>(T& field) {
    using field_type = std::remove_cvref_t<T>;
    if constexpr (is_load_callback_v<field_type>) {
      if (callback_failed(field.fun))
        fail("a load callback failed");
    } else if constexpr (!is_annotation_v<field_type>) {
      in(const_cast<field_type&>(field));
    }
  };
  (one(fields), ...);
  return true;
}

template <class T, class Valid>
void decode_inspector::transfer(T& x, Valid& valid) {
  in(x);
  if (!valid(x))
    fail("an invariant of an inspect function does not hold");
}

template <class Get, class Set, class Valid>
void decode_inspector::transfer(Get&, Set& set, Valid& valid) {
  auto value = in.make<std::decay_t<std::invoke_result_t<Get&>>>();
  if (!valid(value))
    fail("an invariant of an inspect function does not hold");
  if (!succeeds(set, std::move(value)))
    fail("a setter of an inspect function refused its value");
}

template <class IsPresent, class Get, class Reset, class Set, class Valid>
void decode_inspector::transfer(IsPresent&, Get& get, Reset& reset, Set& set, Valid& valid) {
  if (in.make<bool>())
    transfer(get, set, valid);
  else
    reset();
}

} // namespace troupe::detail

#pragma GCC visibility pop
