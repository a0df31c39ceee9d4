#include "config/message_text.hpp"
#include "config/nearest_name.hpp"

#include <troupe/module_host.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

namespace troupe {

namespace {

using detail::file_for_message;
using detail::quoted_for_message;

std::string names_of(const std::vector<module_info>& modules) {
  std::string names;
  for (const auto& module : modules)
    names += (names.empty() ? "" : ", ") + file_for_message(module.path);
  return names;
}

[[noreturn]] void refuse_task(const std::vector<module_info>& modules, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& module : modules)
    for (const auto& task : module.tasks)
      names.push_back(task.name);
  if (modules.empty())
    throw module_error(
      "unknown task " + quoted_for_message(name) + "; no modules are named: modules = [\"...\"]");
  throw module_error(names_of(modules) + ": unknown task " + quoted_for_message(name) +
                     detail::suggest_name(name, names));
}

// The next colon between a module and a task: one that stands alone, since names may have :: in them. npos if there is
// none.
std::size_t next_separator(std::string_view written, std::size_t from) {
  for (auto at = written.find(':', from); at != std::string_view::npos;
       at = written.find(':', from)) {
    from = std::min(written.find_first_not_of(':', at), written.size());
    if (at > 0 && from == at + 1 && from < written.size())
      return at;
  }
  return std::string_view::npos;
}

std::vector<module_info> named_modules(
  const std::vector<module_info>& modules, std::string_view name) {
  std::vector<module_info> chosen;
  std::ranges::copy_if(modules, std::back_inserter(chosen),
    [&](const module_info& module) { return name == module.name() || name == module.path; });
  return chosen;
}

[[noreturn]] void refuse_module(const std::vector<module_info>& modules, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& module : modules)
    names.push_back(module.name());
  throw module_error(
    "unknown module " + quoted_for_message(name) + detail::suggest_name(name, names));
}

std::vector<chosen_task> tasks_named(
  const std::vector<module_info>& modules, std::string_view name) {
  std::vector<chosen_task> found;
  for (const auto& module : modules) {
    const auto task = std::ranges::find(module.tasks, name, &module_task_info::name);
    if (task != module.tasks.end())
      found.push_back({module.path, *task});
  }
  return found;
}

chosen_task only_task(const std::vector<module_info>& modules, std::string_view name) {
  const auto found = tasks_named(modules, name);
  if (found.empty())
    refuse_task(modules, name);
  if (found.size() > 1)
    throw module_error("task " + quoted_for_message(name) + " is in " +
                       file_for_message(found[0].module) + " and in " +
                       file_for_message(found[1].module) +
                       "; write \"MODULE:" + detail::key_for_message(name) + "\"");
  return found.front();
}

bool is_file(std::string_view path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

// Where a path ends in "MODULE:NAME". Both may have colons in them, so it is where there is a file; else in its last part.
std::size_t end_of_path(std::string_view written) {
  const auto first = next_separator(written, 0);
  for (auto at = first; at != std::string_view::npos; at = next_separator(written, at + 1))
    if (is_file(written.substr(0, at)))
      return at;
  const auto slash = written.rfind('/');
  const auto behind = slash == std::string_view::npos ? first : next_separator(written, slash + 1);
  return behind == std::string_view::npos ? first : behind;
}

} // namespace

std::string module_task_info::signature() const {
  std::string text = name + '(';
  for (const auto& parameter : parameters)
    text += (text.back() == '(' ? "" : ", ") + parameter;
  return text + ") -> " + result;
}

std::string module_info::name() const {
  std::string_view file = path;
  file.remove_prefix(file.rfind('/') + 1);
  file = file.substr(0, file.find('.'));
  if (file.size() > 3 && file.starts_with("lib"))
    file.remove_prefix(3);
  return std::string(file);
}

chosen_task find_task(const std::vector<module_info>& modules, std::string_view written) {
  if (!tasks_named(modules, written).empty())
    return only_task(modules, written);
  const auto first = next_separator(written, 0);
  for (auto at = first; at != std::string_view::npos; at = next_separator(written, at + 1))
    if (const auto chosen = named_modules(modules, written.substr(0, at)); !chosen.empty())
      return only_task(chosen, written.substr(at + 1));
  if (first != std::string_view::npos)
    refuse_module(modules, written.substr(0, first));
  refuse_task(modules, written);
}

chosen_task probe_task(runtime& rt, std::string_view written) {
  const auto colon = end_of_path(written);
  if (colon == std::string_view::npos)
    throw module_error("a task is written as MODULE:NAME, such as ./libtasks.so:resize");
  const auto module = probe_module(rt, std::string(written.substr(0, colon)));
  return only_task({module}, written.substr(colon + 1));
}

} // namespace troupe
