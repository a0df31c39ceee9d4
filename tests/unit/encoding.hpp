#pragma once

#include <troupe/codec.hpp>

#include <cstddef>
#include <span>

// To the encoding of a value and back.
namespace troupe::test {

template <class T>
detail::bytes encoded(const T& value) {
  detail::bytes out;
  encoder{out}(value);
  return out;
}

/// The whole of `in` as a T.
template <class T>
T decoded(std::span<const std::byte> in) {
  decoder decode(in);
  T value = decode.make<T>();
  decode.finish();
  return value;
}

template <class T>
T round_trip(const T& value) {
  return decoded<T>(detail::view(encoded(value)));
}

} // namespace troupe::test
