#pragma once

#include "top/status.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

// The fields of what a process says. What is missing, or of another type, leaves `to` as it was.
namespace troupe_cli {

template <class Number>
void take(const nlohmann::json& from, const char* key, Number& to) {
  if (const auto found = from.find(key); found != from.end() && found->is_number_integer())
    to = found->get<Number>();
}

inline void take(const nlohmann::json& from, const char* key, std::string& to) {
  if (const auto found = from.find(key); found != from.end() && found->is_string())
    to = found->get<std::string>();
}

inline void take(const nlohmann::json& from, const char* key, bool& to) {
  if (const auto found = from.find(key); found != from.end() && found->is_boolean())
    to = found->get<bool>();
}

inline void take(const nlohmann::json& from, const char* key, microseconds& to) {
  std::int64_t count = 0;
  take(from, key, count);
  constexpr std::int64_t thousand_years = 31'557'600'000'000'000;
  to = microseconds(std::clamp<std::int64_t>(count, 0, thousand_years));
}

inline code_place place_of(const nlohmann::json& from) {
  code_place place;
  if (from.is_array() && from.size() == 2 && from[0].is_number_unsigned() &&
      from[1].is_number_unsigned())
    place = {from[0].get<std::uint32_t>(), from[1].get<std::uint64_t>()};
  return place;
}

inline task_label label_of(const nlohmann::json& from) {
  task_label label;
  take(from, "name", label.name);
  take(from, "others", label.others);
  if (const auto found = from.find("function"); found != from.end())
    label.function = place_of(*found);
  return label;
}

} // namespace troupe_cli
