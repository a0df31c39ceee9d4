#include "config/config_problems.hpp"

#include "base/limits.hpp"

#include <troupe/errors.hpp>

namespace troupe::detail {

void config_problems::add(text_position where, const std::string& key, const std::string& problem) {
  entries_.emplace(where, key.empty() ? problem : key + ": " + problem);
}

std::string config_problems::locate(text_position where) const {
  return file_ + ':' + std::to_string(where.line) + ':' + std::to_string(where.column);
}

void config_problems::throw_if_any() const {
  if (entries_.empty())
    return;
  std::string message;
  std::size_t shown = 0;
  for (const auto& [where, text] : entries_) {
    if (shown == limits::max_shown_problems) {
      message += "\n" + file_ + ": more problems: " + std::to_string(entries_.size() - shown);
      break;
    }
    message += (shown++ > 0 ? "\n" : "") + locate(where) + ": " + text;
  }
  throw config_error(message);
}

} // namespace troupe::detail
