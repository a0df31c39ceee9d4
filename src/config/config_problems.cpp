#include "config/config_problems.hpp"

#include "base/limits.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

// Enough to work on; a file with more is not the file that was meant.

} // namespace

void config_problems::add(text_position where, const std::string& key, const std::string& problem) {
  entries_.push_back({where, key.empty() ? problem : key + ": " + problem});
}

std::string config_problems::locate(text_position where) const {
  return file_ + ':' + std::to_string(where.line) + ':' + std::to_string(where.column);
}

void config_problems::throw_if_any() const {
  if (entries_.empty())
    return;
  auto sorted = entries_;
  std::ranges::stable_sort(sorted, {},
    [](const entry& problem) { return std::pair(problem.where.line, problem.where.column); });
  std::string message;
  const auto shown = std::min(sorted.size(), limits::max_shown_problems);
  for (std::size_t i = 0; i < shown; ++i)
    message += (i > 0 ? "\n" : "") + locate(sorted[i].where) + ": " + sorted[i].text;
  if (shown < sorted.size())
    message += "\n" + file_ + ": more problems: " + std::to_string(sorted.size() - shown);
  throw config_error(message);
}

} // namespace troupe::detail
