#include <troupe/config.hpp>

#include "config/config_problems.hpp"
#include "config/file_contents.hpp"
#include "config/message_text.hpp"
#include "config/nearest_name.hpp"
#include "config/table_reader.hpp"
#include "config/text_check.hpp"
#include "config/toml_node.hpp"

namespace troupe {

std::vector<std::string> config::pool_names() const {
  std::vector<std::string> names;
  for (const auto& [name, pool] : pools_)
    names.push_back(name);
  return names;
}

pool_options config::pool(std::string_view name) const {
  if (const auto found = pools_.find(name); found != pools_.end()) {
    auto options = found->second.options;
    if (found->second.make_scheduler != nullptr)
      options.scheduler = found->second.make_scheduler();
    return options;
  }
  throw config_error(file_ + ": pool." + detail::key_for_message(name) + ": no such pool" +
                     detail::suggest_name(name, pool_names()));
}

const std::map<std::string, app_setting>& config::app(std::string_view name) const {
  static const std::map<std::string, app_setting> nothing;
  const auto found = apps_.find(name);
  return found == apps_.end() ? nothing : found->second;
}

namespace {

// Problems that leave nothing to look at behind them.
toml::table parse(std::string_view text, detail::config_problems& problems) {
  if (const auto found = detail::find_text_problem(text)) {
    problems.add(found->where, {}, found->problem);
    return {};
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    problems.add(
      detail::position_of(error.source()), {}, detail::sentence_for_message(error.description()));
    return {};
  }
}

} // namespace

config load_config(const std::filesystem::path& path, const task_registry& tasks) {
  const auto text = detail::read_config_file(path);
  config result;
  result.file_ = detail::file_for_message(path.native());
  detail::config_problems problems(result.file_);
  const auto table = parse(text, problems);
  problems.throw_if_any();
  auto tables = detail::read_tables(table, tasks, problems);
  problems.throw_if_any();
  result.pools_ = std::move(tables.pools);
  result.apps_ = std::move(tables.apps);
  return result;
}

} // namespace troupe
