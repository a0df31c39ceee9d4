#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/json_fields.hpp>
#include <troupe/detail/json_value.hpp>

#include <string_view>
#include <utility>

#pragma GCC visibility push(default)

// JSON from values, by their types.
namespace troupe::detail {

template <class T>
void to_json(json_writer& out, const T& value, const json_place& at);

template <class Range, class WriteOne>
void write_elements(json_writer& out, const Range& all, const json_place& at, WriteOne write_one) {
  std::size_t i = 0;
  for (const auto& one : all) {
    if (i > 0)
      out.raw(',');
    write_one(one, at.element(i++));
  }
}

template <class T>
void fields_to_json(json_writer& out, const T& value, const json_place& at) {
  static constexpr auto names = field_names<T>();
  out.raw('{');
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto one = [&](std::string_view name, const auto& field, bool first) {
      if (!first)
        out.raw(',');
      out.text(name, at);
      out.raw(':');
      to_json(out, field, at.field(name));
    };
    (one(names[I], boost::pfr::get<I>(value), I == 0), ...);
  }
  (std::make_index_sequence<field_count<T>>{});
  out.raw('}');
}

template <class T>
void inspected_to_json(json_writer& out, const T& value, const json_place& at);

template <class T>
void to_json(json_writer& out, const T& value, const json_place& at) {
  check_json_depth(at);
  if constexpr (std::same_as<T, bool>) {
    out.raw(value ? "true" : "false");
  } else if constexpr (std::same_as<T, float>) {
    out.number(value, at);
  } else if constexpr (std::is_floating_point_v<T>) {
    out.number(static_cast<double>(value), at);
  } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
    out.integer(value);
  } else if constexpr (std::is_integral_v<T>) {
    out.unsigned_integer(value);
  } else if constexpr (std::is_enum_v<T>) {
    to_json(out, static_cast<std::underlying_type_t<T>>(value), at);
  } else if constexpr (std::same_as<T, std::string>) {
    out.text(value, at);
  } else if constexpr (path_value<T>) {
    out.text(value.native(), at);
  } else if constexpr (std::same_as<T, std::monostate>) {
    out.raw("null");
  } else if constexpr (is_specialization_v<T, std::chrono::duration>) {
    if constexpr (std::is_floating_point_v<typename T::rep>)
      out.duration(static_cast<double>(value.count()), T::period::num, T::period::den, at);
    else
      out.duration(static_cast<std::int64_t>(value.count()), T::period::num, T::period::den);
  } else if constexpr (calendar_time<T>) {
    out.time(
      std::chrono::duration_cast<std::chrono::nanoseconds>(value.time_since_epoch()).count());
  } else if constexpr (calendar_date<T>) {
    out.date({static_cast<int>(value.year()), static_cast<unsigned>(value.month()),
      static_cast<unsigned>(value.day())});
  } else if constexpr (is_specialization_v<T, std::optional> || pointer_to_value<T>) {
    if (value)
      to_json(out, *value, at);
    else
      out.raw("null");
  } else if constexpr (is_specialization_v<T, std::variant>) {
    if (value.valueless_by_exception())
      refuse_json(at, "a variant has no value");
    std::visit([&](const auto& held) { to_json(out, held, at); }, value);
  } else if constexpr (tuple_value<T>) {
    out.raw('[');
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((out.raw(I == 0 ? "" : ","), to_json(out, std::get<I>(value), at.element(I))), ...);
    }
    (std::make_index_sequence<std::tuple_size_v<T>>{});
    out.raw(']');
  } else if constexpr (json_map<T>) {
    out.raw('{');
    write_elements(out, value, at, [&](const auto& entry, const json_place&) {
      out.text(entry.first, at);
      out.raw(':');
      to_json(out, entry.second, at.field(entry.first));
    });
    out.raw('}');
  } else if constexpr (is_std_array_v<T> || range_value<T>) {
    out.raw('[');
    write_elements(out, value, at, [&](const auto& one, const json_place& place) {
      to_json(out, static_cast<const typename T::value_type&>(one), place);
    });
    out.raw(']');
  } else if constexpr (is_inspected<T>) {
    inspected_to_json(out, value, at);
  } else if constexpr (by_fields<T>) {
    fields_to_json(out, value, at);
  } else {
    refuse_json_type<T>();
  }
}

} // namespace troupe::detail

#pragma GCC visibility pop
