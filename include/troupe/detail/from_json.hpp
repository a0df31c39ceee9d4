#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/json_fields.hpp>
#include <troupe/detail/json_value.hpp>

#include <limits>
#include <string>
#include <utility>

#pragma GCC visibility push(default)

// Values from JSON, by their types.
namespace troupe::detail {

template <class T>
T from_json(const json_value& value, const json_place& at);

template <class T>
T integer_from_json(const json_value& value, const json_place& at) {
  using limits = std::numeric_limits<T>;
  if constexpr (std::is_signed_v<T>)
    return static_cast<T>(json_integer(value, at, limits::min(), limits::max()));
  else
    return static_cast<T>(json_unsigned(value, at, limits::max()));
}

inline void expect_json(
  json_value::kind kind, std::string_view name, const json_value& value, const json_place& at) {
  if (value.what() != kind)
    refuse_json_kind(at, name, value);
}

template <class T>
T duration_from_json(const json_value& value, const json_place& at) {
  using period = typename T::period;
  if constexpr (std::is_floating_point_v<typename T::rep>) {
    return T(static_cast<typename T::rep>(json_real_duration(value, at, period::num, period::den)));
  } else {
    const auto count = json_duration(value, at, period::num, period::den);
    if (!std::in_range<typename T::rep>(count))
      refuse_json(at, "this duration is too long");
    return T(static_cast<typename T::rep>(count));
  }
}

// The first alternative that takes the value.
template <class T, std::size_t I = 0>
T variant_from_json(const json_value& value, const json_place& at) {
  if constexpr (I == std::variant_size_v<T>) {
    refuse_json_kind(at, json_type<T>(), value);
  } else {
    try {
      return T(std::in_place_index<I>, from_json<std::variant_alternative_t<I, T>>(value, at));
    } catch (const json_error&) {
      return variant_from_json<T, I + 1>(value, at);
    }
  }
}

template <class T>
T tuple_from_json(const json_value& value, const json_place& at) {
  expect_json(json_value::kind::array, "an array", value, at);
  constexpr auto size = std::tuple_size_v<T>;
  if (value.size() != size)
    refuse_json(at, "an array of " + std::to_string(size) + " is expected, this is one of " +
                      std::to_string(value.size()));
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return T{
      from_json<std::remove_cv_t<std::tuple_element_t<I, T>>>(value.at(I), at.element(I))...};
  }
  (std::make_index_sequence<size>{});
}

template <class T>
void elements_from_json(T& out, const json_value& value, const json_place& at) {
  expect_json(json_value::kind::array, "an array", value, at);
  if constexpr (is_std_array_v<T>) {
    if (value.size() != out.size())
      refuse_json(at, "an array of " + std::to_string(out.size()) +
                        " is expected, this is one of " + std::to_string(value.size()));
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = from_json<typename T::value_type>(value.at(i), at.element(i));
  } else {
    for (std::size_t i = 0; i < value.size(); ++i) {
      using element = typename T::value_type;
      if constexpr (requires { typename T::mapped_type; })
        out.insert(from_json<std::pair<typename T::key_type, typename T::mapped_type>>(
          value.at(i), at.element(i)));
      else if constexpr (requires { out.push_back(std::declval<element>()); })
        out.push_back(from_json<element>(value.at(i), at.element(i)));
      else
        out.insert(from_json<element>(value.at(i), at.element(i)));
    }
  }
}

template <class T>
void map_from_json(T& out, const json_value& value, const json_place& at) {
  expect_json(json_value::kind::object, "an object", value, at);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto key = value.key_at(i);
    out.emplace(std::string(key), from_json<typename T::mapped_type>(value.at(i), at.field(key)));
  }
}

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  for (const auto& one : names)
    if (one == name)
      return true;
  return false;
}

// A field that may be missing: null means the same.
template <class T>
T field_from_json(const json_value& object, std::string_view name, const json_place& at) {
  const auto found = object.find(name);
  if (found)
    return from_json<T>(found, at.field(name));
  if constexpr (is_specialization_v<T, std::optional> || pointer_to_value<T>)
    return T();
  else
    refuse_json(at, "the field \"" + std::string(name) + "\" is missing");
}

template <class T>
T aggregate_from_json(const json_value& value, const json_place& at) {
  static constexpr auto names = field_names<T>();
  expect_json(json_value::kind::object, "an object", value, at);
  for (std::size_t i = 0; i < value.size(); ++i)
    if (!is_one_of(names, value.key_at(i)))
      refuse_json_field(at, value.key_at(i), names.data(), names.size());
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return T{
      field_from_json<std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>>(value, names[I], at)...};
  }
  (std::make_index_sequence<field_count<T>>{});
}

template <class T>
T inspected_from_json(const json_value& value, const json_place& at);

template <class T>
T from_json(const json_value& value, const json_place& at) {
  check_json_depth(at);
  if constexpr (std::same_as<T, bool>) {
    expect_json(json_value::kind::boolean, "true or false", value, at);
    return value.boolean();
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(json_number(value, at));
  } else if constexpr (std::is_integral_v<T>) {
    return integer_from_json<T>(value, at);
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(from_json<std::underlying_type_t<T>>(value, at));
  } else if constexpr (std::same_as<T, std::string> || path_value<T>) {
    return T(json_text(value, at));
  } else if constexpr (std::same_as<T, std::monostate>) {
    expect_json(json_value::kind::null, "null", value, at);
    return {};
  } else if constexpr (is_specialization_v<T, std::chrono::duration>) {
    return duration_from_json<T>(value, at);
  } else if constexpr (calendar_time<T>) {
    return T(std::chrono::duration_cast<typename T::duration>(
      std::chrono::nanoseconds(json_time(value, at))));
  } else if constexpr (calendar_date<T>) {
    const auto date = json_date_of(value, at);
    const T any{};
    return T(decltype(any.year())(date.year), decltype(any.month())(date.month),
      decltype(any.day())(date.day));
  } else if constexpr (is_specialization_v<T, std::optional>) {
    if (value.what() == json_value::kind::null)
      return std::nullopt;
    return from_json<typename T::value_type>(value, at);
  } else if constexpr (pointer_to_value<T>) {
    using element = std::remove_const_t<typename T::element_type>;
    if (value.what() == json_value::kind::null)
      return nullptr;
    return T(new element(from_json<element>(value, at)));
  } else if constexpr (is_specialization_v<T, std::variant>) {
    return variant_from_json<T>(value, at);
  } else if constexpr (tuple_value<T>) {
    return tuple_from_json<T>(value, at);
  } else if constexpr (json_map<T>) {
    T map;
    map_from_json(map, value, at);
    return map;
  } else if constexpr (is_std_array_v<T> || range_value<T>) {
    T all{};
    elements_from_json(all, value, at);
    return all;
  } else if constexpr (is_inspected<T>) {
    return inspected_from_json<T>(value, at);
  } else if constexpr (by_fields<T>) {
    return aggregate_from_json<T>(value, at);
  } else {
    refuse_json_type<T>();
  }
}

} // namespace troupe::detail

#pragma GCC visibility pop
