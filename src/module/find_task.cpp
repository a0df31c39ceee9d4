#include "config/message_text.hpp"
#include "config/nearest_name.hpp"

#include <troupe/module_host.hpp>

#include <algorithm>

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

std::vector<module_info> named_modules(
  const std::vector<module_info>& modules, std::string_view name) {
  std::vector<module_info> chosen;
  std::vector<std::string> names;
  for (const auto& module : modules) {
    names.push_back(module.name());
    if (name == names.back() || name == module.path)
      chosen.push_back(module);
  }
  if (chosen.empty())
    throw module_error(
      "unknown module " + quoted_for_message(name) + detail::suggest_name(name, names));
  return chosen;
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
  if (const auto colon = written.rfind(':'); colon != std::string_view::npos)
    return find_task(named_modules(modules, written.substr(0, colon)), written.substr(colon + 1));
  std::vector<chosen_task> found;
  for (const auto& module : modules) {
    const auto task = std::ranges::find(module.tasks, written, &module_task_info::name);
    if (task != module.tasks.end())
      found.push_back({module.path, *task});
  }
  if (found.empty())
    refuse_task(modules, written);
  if (found.size() > 1)
    throw module_error("task " + quoted_for_message(written) + " is in " +
                       file_for_message(found[0].module) + " and in " +
                       file_for_message(found[1].module) +
                       "; write \"MODULE:" + detail::key_for_message(written) + "\"");
  return found.front();
}

} // namespace troupe
