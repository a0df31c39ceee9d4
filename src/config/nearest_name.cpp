#include "config/nearest_name.hpp"

#include "base/limits.hpp"
#include "config/message_text.hpp"

#include <algorithm>
#include <vector>

namespace troupe::detail {

namespace {

// Longer ones are not typing errors, and the distance takes time proportional to both lengths.

// How many insertions, deletions, substitutions and swaps of neighbours lead from `a` to `b`:
// https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance, "optimal string alignment".
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

// As many errors as compilers forgive in identifiers: one in three characters.
bool is_close(std::size_t distance, std::string_view typed, std::string_view name) {
  return distance <= std::max<std::size_t>(1, std::max(typed.size(), name.size()) / 3);
}

} // namespace

std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names) {
  if (typed.size() > limits::max_compared_name_bytes)
    return {};
  std::string_view nearest;
  std::size_t fewest = limits::max_compared_name_bytes;
  for (auto name : names) {
    if (name.size() > limits::max_compared_name_bytes)
      continue;
    const auto distance = edit_distance(typed, name);
    if (distance < fewest && is_close(distance, typed, name)) {
      fewest = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::string suggest_name(std::string_view typed, std::span<const std::string_view> names) {
  const auto nearest = nearest_name(typed, names);
  if (!nearest.empty())
    return "; did you mean " + quoted_for_message(nearest) + "?";
  if (names.empty())
    return "; there are none";
  std::string listed;
  for (auto name : names.first(std::min(names.size(), limits::max_listed_names)))
    listed += (listed.empty() ? "; valid: " : ", ") + key_for_message(name);
  return names.size() > limits::max_listed_names ? listed + ", ..." : listed;
}

std::string suggest_name(std::string_view typed, std::span<const std::string> names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return suggest_name(typed, views);
}

} // namespace troupe::detail
