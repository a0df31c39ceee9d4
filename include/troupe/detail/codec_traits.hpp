#pragma once

#include <troupe/detail/caf_inspect.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <ranges>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// Which types codec.hpp knows, and what kind of type each is.
namespace troupe {

class encoder;
class decoder;

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

template <class T>
concept pointer_to_value = is_specialization_v<T, std::shared_ptr> ||
  (is_specialization_v<T, std::unique_ptr>&&
      std::same_as<T, std::unique_ptr<typename T::element_type>>);

template <class T>
concept range_value = std::ranges::input_range<T> && requires(T& t) {
  typename T::value_type;
  t.clear();
  { t.size() } -> std::convertible_to<std::size_t>;
};

template <class T>
concept tuple_value = is_specialization_v<T, std::tuple> || is_specialization_v<T, std::pair>;

// The inspectors have the interface of CAF 0.17: a call with any number of fields and annotations.
struct encode_inspector {
  using result_type = void;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;
  encoder& out;
  template <class... Ts>
  void operator()(Ts&&... fields) const;
};

struct decode_inspector {
  using result_type = void;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;
  decoder& in;
  template <class... Ts>
  void operator()(Ts&&... fields) const;
};

template <class T>
concept inspectable = requires(encode_inspector& f, T& value) {
  inspect(f, value);
};

template <class T>
concept plain_aggregate =
  std::is_aggregate_v<T> && std::is_class_v<T> && !is_std_array_v<T> && !std::ranges::range<T>;

template <class T>
concept known_value = bitwise<T> || std::same_as<T, bool> || is_bool_enum_v<T> ||
  std::same_as<T, std::monostate> || std::same_as<T, std::filesystem::path> ||
  std::same_as<T, std::error_code> || duration_or_time_point<T> || pointer_to_value<T> ||
  is_specialization_v<T, std::optional> || is_specialization_v<T, std::variant> || tuple_value<T> ||
  is_std_array_v<T> || is_specialization_v<T, std::vector> || range_value<T>;

} // namespace detail
} // namespace troupe
