#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/json_value.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#pragma GCC visibility push(default)

// What the fields of an aggregate are called, and which types JSON can say.
namespace troupe::detail {

template <class T>
struct field_holder {
  T value;
};

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
// Declared only: its address is all that is needed.
template <class T>
extern const field_holder<T> field_example;

// The compiler writes the name of what the pointer points to: "(& ...field_example<page>....page::title)".
template <auto Field>
consteval std::string_view field_text() {
  std::string_view text = __PRETTY_FUNCTION__;
#ifdef __clang__
  text = text.substr(0, text.rfind(']'));
#else
  text = text.substr(0, text.rfind(')')); // what follows it has none
#endif
  return text.substr(text.find_last_of(".:") + 1);
}

template <class T, std::size_t I>
consteval std::string_view field_name() {
  return field_text<&boost::pfr::get<I>(field_example<T>.value)>();
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

template <class T>
inline constexpr std::size_t field_count = boost::pfr::tuple_size_v<T>;

template <class T>
constexpr auto field_names() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, sizeof...(I)>{field_name<T, I>()...};
  }
  (std::make_index_sequence<field_count<T>>{});
}

// Time since 1970.
template <class T>
concept calendar_time = is_specialization_v<T, std::chrono::time_point> && requires {
  T::clock::to_time_t;
};

// A day of the calendar, such as std::chrono::year_month_day.
template <class T>
concept calendar_date = is_date_v<T> && requires(const T& date) {
  T(date.year(), date.month(), date.day());
  static_cast<unsigned>(date.day());
};

template <class T>
concept json_map = range_value<T> && requires {
  typename T::mapped_type;
  requires std::same_as<typename T::key_type, std::string>;
};

template <class T>
inline constexpr bool is_inspected = inspectable<T> && !known_value<T>;

template <class T>
inline constexpr bool never_json = false;

template <class T>
void refuse_json_type() {
  static_assert(never_json<T>, "troupe cannot read or write this type as JSON: arguments and "
                               "results of the tasks of a module are numbers, "
                               "bool, strings, paths, times, containers, optional, variant, tuple, "
                               "aggregates of such, and types with a CAF "
                               "inspect() function");
}

// -- what a type is called in the signature of a task ---------------------------------------------------

template <class T>
std::string json_type(std::size_t depth = 0);

template <class First, class... Rest>
std::string json_types(std::string_view between, std::size_t depth) {
  std::string text = json_type<std::remove_cv_t<First>>(depth);
  ((text.append(between) += json_type<std::remove_cv_t<Rest>>(depth)), ...);
  return text;
}

template <class T>
struct json_alternatives;
template <template <class...> class Template, class... Ts>
struct json_alternatives<Template<Ts...>> {
  static std::string text(std::string_view between, std::size_t depth) {
    if constexpr (sizeof...(Ts) == 0)
      return {};
    else
      return json_types<Ts...>(between, depth);
  }
};

template <class T>
std::string json_type(std::size_t depth) {
  if (depth > 4) // types may contain themselves
    return "...";
  const auto inner = [depth]<class U>(const U*) { return json_type<U>(depth + 1); };
  if constexpr (std::same_as<T, bool> || is_bool_enum_v<T>) {
    return "bool";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "number";
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return "integer";
  } else if constexpr (std::same_as<T, std::string> || path_value<T>) {
    return "string";
  } else if constexpr (std::same_as<T, std::monostate> || std::is_void_v<T>) {
    return "null";
  } else if constexpr (is_specialization_v<T, std::chrono::duration>) {
    return "duration";
  } else if constexpr (calendar_time<T>) {
    return "time";
  } else if constexpr (calendar_date<T>) {
    return "date";
  } else if constexpr (is_specialization_v<T, std::optional>) {
    return inner(static_cast<const typename T::value_type*>(nullptr)) + " or null";
  } else if constexpr (pointer_to_value<T>) {
    return inner(static_cast<const std::remove_const_t<typename T::element_type>*>(nullptr)) +
           " or null";
  } else if constexpr (is_specialization_v<T, std::variant>) {
    return json_alternatives<T>::text(" or ", depth + 1);
  } else if constexpr (tuple_value<T>) {
    return "[" + json_alternatives<T>::text(", ", depth + 1) + "]";
  } else if constexpr (json_map<T>) {
    return "{string: " + inner(static_cast<const typename T::mapped_type*>(nullptr)) + "}";
  } else if constexpr (is_std_array_v<T> || range_value<T>) {
    return "[" + inner(static_cast<const typename T::value_type*>(nullptr)) + ", ...]";
  } else if constexpr (is_inspected<T>) {
    return "object";
  } else if constexpr (by_fields<T>) {
    return [depth]<std::size_t... I>(std::index_sequence<I...>) {
      std::string text;
      ((text += (I == 0 ? "{" : ", ") + std::string(field_name<T, I>()) + ": " +
                json_type<std::remove_cv_t<boost::pfr::tuple_element_t<I, T>>>(depth + 1)),
        ...);
      return text.empty() ? std::string("{}") : text + "}";
    }
    (std::make_index_sequence<field_count<T>>{});
  } else {
    refuse_json_type<T>();
  }
}

} // namespace troupe::detail

#pragma GCC visibility pop
