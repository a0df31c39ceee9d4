#pragma once

#include <troupe/custom_codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/inspectors.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/detail/type_name.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#pragma GCC visibility push(default)

// Which types codec.hpp knows, and what kind of type each is.
namespace troupe {

namespace detail {

template <class T, template <class...> class Template>
inline constexpr bool is_specialization_v = false;
template <class... Ts, template <class...> class Template>
inline constexpr bool is_specialization_v<Template<Ts...>, Template> = true;

template <class T>
inline constexpr bool is_std_array_v = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array_v<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_bool_enum_v = false;
template <class T>
requires std::is_enum_v<T>
inline constexpr bool is_bool_enum_v<T> = std::same_as<std::underlying_type_t<T>, bool>;

// Copied as they are: no padding inside, every bit pattern is a value (bool is checked apart).
template <class T>
concept bitwise = (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&!std::same_as<T, bool> &&
                  !is_bool_enum_v<T>;

template <class T>
concept duration_or_time_point =
  is_specialization_v<T, std::chrono::duration> || is_specialization_v<T, std::chrono::time_point>;

// Owns one object.
template <class T>
concept owning_pointer = is_specialization_v<T, std::shared_ptr> ||
  (is_specialization_v<T, std::unique_ptr>&&
      std::same_as<T, std::unique_ptr<typename T::element_type>>);

// The object may be of a derived class, of which only the base would arrive.
template <class T>
concept may_slice = std::is_polymorphic_v<T> && !std::is_final_v<T>;

template <class T>
inline constexpr bool is_pointer_to_array_v = false;
template <class E>
inline constexpr bool is_pointer_to_array_v<std::shared_ptr<E[]>> = true;
template <class E, std::size_t N>
inline constexpr bool is_pointer_to_array_v<std::shared_ptr<E[N]>> = true;
template <class E, class D>
inline constexpr bool is_pointer_to_array_v<std::unique_ptr<E[], D>> = true;

template <class T>
concept pointer_to_value =
  owning_pointer<T> && !is_pointer_to_array_v<T> && !std::is_void_v<typename T::element_type> &&
  !may_slice<typename T::element_type>;

template <class T>
concept bitset_value = declared_in_std<T> && requires(const T& bits) {
  bits.to_ullong();
  bits.test(0);
};

template <class T>
concept path_value = declared_in_std<T> && requires(const T& path) {
  path.lexically_normal();
  path.native();
};

// A day, month, year or weekday of <chrono>, or a date of several of them.
template <class T>
inline constexpr bool is_date_v = false;
template <declared_in_std T>
inline constexpr bool is_date_v<T> = type_name<T>().starts_with("std::chrono::day") ||
                                     type_name<T>().starts_with("std::chrono::month") ||
                                     type_name<T>().starts_with("std::chrono::year") ||
                                     type_name<T>().starts_with("std::chrono::weekday");

// std::chrono::year_month_weekday, the only one with padding.
template <class T>
concept padded_date = is_date_v<T> && requires(const T& date) {
  date.year();
  date.weekday_indexed();
};

template <class T>
concept date_part = is_date_v<T> && !padded_date<T>;

// std::complex, whose header is not included for it: two numbers, and nothing else.
template <class T>
concept complex_number = std::is_trivially_copyable_v<T> && requires(const T& number) {
  requires std::is_floating_point_v<typename T::value_type>;
  { number.real() } -> std::same_as<typename T::value_type>;
  { number.imag() } -> std::same_as<typename T::value_type>;
  T(number.real(), number.imag());
  requires sizeof(T) == 2 * sizeof(typename T::value_type);
};

// -- containers -------------------------------------------------------------------------------------

template <class T>
concept container_like = std::ranges::input_range<T> && requires(T& t) {
  typename T::value_type;
  t.clear();
  { t.size() } -> std::convertible_to<std::size_t>;
};

// Its comparison, or its hash, has a value of its own, which would not arrive.
template <class T>
inline constexpr bool has_stateful_order_v = false;
template <declared_in_std T>
requires requires {
  typename T::key_compare;
}
inline constexpr bool has_stateful_order_v<T> = !std::is_empty_v<typename T::key_compare>;
template <declared_in_std T>
requires requires {
  typename T::hasher;
  typename T::key_equal;
}
inline constexpr bool has_stateful_order_v<T> =
  !std::is_empty_v<typename T::hasher> || !std::is_empty_v<typename T::key_equal>;

// What consists of its elements: the containers of the standard library. Of any other class with their interface
// nobody knows what else is in it.
template <class T>
concept range_value = container_like<T> && !std::same_as<typename T::value_type, T> &&
                      (declared_in_std<T> || enable_container<T>)&&!has_stateful_order_v<T>;

template <class T>
concept tuple_value = is_specialization_v<T, std::tuple> || is_specialization_v<T, std::pair>;

template <class T>
concept view_type = std::ranges::view<T> || is_specialization_v<T, std::initializer_list> ||
  type_name<T>()
.starts_with("std::reference_wrapper<");

template <class T>
concept has_codec = requires(encoder& out, decoder& in, const T& value) {
  codec<T>::encode(out, value);
  { codec<T>::decode(in) } -> std::same_as<T>;
};

// It would be passed over in silence.
template <class T>
concept has_wrong_codec = !has_codec<T> && requires {
  sizeof(codec<T>);
};

template <class T>
concept plain_aggregate =
  std::is_aggregate_v<T> && std::is_class_v<T> && !is_std_array_v<T> && !std::ranges::range<T>;

template <class T>
concept known_value = bitwise<T> || std::same_as<T, bool> || is_bool_enum_v<T> ||
  std::same_as<T, std::monostate> || path_value<T> || std::same_as<T, std::error_code> ||
  duration_or_time_point<T> || is_date_v<T> || complex_number<T> || bitset_value<T> ||
  pointer_to_value<T> || is_specialization_v<T, std::optional> ||
  is_specialization_v<T, std::variant> || tuple_value<T> || is_std_array_v<T> || range_value<T>;

// Encoded field by field.
template <class T>
concept by_fields = !has_codec<T> && !known_value<T> && !inspectable<T> && plain_aggregate<T>;

// An object is made first and filled then. Others, such as those with const members, are made of their parts.
template <class T>
concept filled_in_place = std::is_default_constructible_v<T> && std::is_move_assignable_v<T>;

// -- aggregates ---------------------------------------------------------------------------------------

// Initializes anything.
struct any_value {
  template <class U>
  operator U() const; // NOLINT(google-explicit-constructor): it is to convert by itself
};

// Initializes a base class of T.
template <class T>
struct any_base {
  template <class U>
  requires(std::is_base_of_v<U, T> && !std::same_as<U, T>) operator U() const; // NOLINT
};

template <class T>
concept has_base = requires {
  T{any_base<T>{}};
};

template <class T, std::size_t... Before, std::size_t... After>
constexpr bool takes_pair_at(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires {
    T{(static_cast<void>(Before), any_value{})..., {any_value{}, any_value{}},
      (static_cast<void>(After), any_value{})...};
  };
}

// Whether a member is a C array, of an aggregate with `Count` initializers when no braces are nested: an array
// takes more than one of them, as no member of another kind does.
template <class T, std::size_t Count, std::size_t... I>
constexpr bool has_array_among(std::index_sequence<I...>) {
  return ((takes_pair_at<T>(std::make_index_sequence<I>{}, std::index_sequence<>{}) &&
            !takes_pair_at<T>(
              std::make_index_sequence<I>{}, std::make_index_sequence<Count - I - 1>{})) ||
          ...);
}

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
