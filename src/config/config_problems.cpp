#include "config/config_problems.hpp"

#include "base/limits.hpp"

#include <troupe/errors.hpp>

namespace troupe::detail {

config_problems::config_problems(std::string file)
  : file_(std::move(file)) {
  add_source(file_, true);
}

void config_problems::add_source(const std::string& name, bool has_lines) {
  sources_.try_emplace(name, source{sources_.size(), has_lines});
}

config_problems::source config_problems::source_of(const text_position& where) const {
  const auto found = sources_.find(where.file ? *where.file : file_);
  return found == sources_.end() ? source() : found->second;
}

void config_problems::add(
  const text_position& where, const std::string& key, const std::string& problem) {
  const auto text = key.empty() ? problem : key + ": " + problem;
  entries_.emplace(
    std::tuple(source_of(where).rank, where.line, where.column), locate(where) + ": " + text);
}

std::string config_problems::locate(const text_position& where) const {
  const auto& file = where.file ? *where.file : file_;
  if (!source_of(where).has_lines)
    return file;
  return file + ':' + std::to_string(where.line) + ':' + std::to_string(where.column);
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
    message += (shown++ > 0 ? "\n" : "") + text;
  }
  throw config_error(message);
}

} // namespace troupe::detail
