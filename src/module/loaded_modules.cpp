#include "module/loaded_modules.hpp"

#include "config/message_text.hpp"

#include <troupe/module.hpp>
#include <troupe/proxy_exception.hpp>

#include <algorithm>
#include <map>
#include <mutex>

#include <dlfcn.h>

TROUPE_EXCEPTION(troupe::module_error);
TROUPE_EXCEPTION(troupe::json_error);

namespace troupe::detail {

namespace {

// What the loader says begins with the file's name, which our message has already.
std::string loader_problem(const std::string& path) {
  const char* const said = ::dlerror();
  std::string_view text = said == nullptr ? "it cannot be loaded" : said;
  if (text.starts_with(path + ": "))
    text.remove_prefix(path.size() + 2);
  return sentence_for_message(text);
}

const module_tasks* open_module(const std::string& path) {
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    refuse_module(path, loader_problem(path));
  const auto* const abi = static_cast<const char*>(::dlsym(handle, "troupe_module_abi"));
  const auto tasks =
    reinterpret_cast<const module_tasks* (*)()>(::dlsym(handle, "troupe_module_tasks"));
  if (abi == nullptr || tasks == nullptr)
    refuse_module(path, "it has no TROUPE_TASKS (troupe/module.hpp), so it has no tasks");
  if (std::string_view(abi) != TROUPE_MODULE_ABI)
    refuse_module(path, "it is built with another troupe (" + sentence_for_message(abi) +
                          ") than this program (" TROUPE_MODULE_ABI "); compile it again");
  const auto* const all = tasks();
  if (all->problem != nullptr)
    refuse_module(path, all->problem);
  return all;
}

// The modules of this process, each with what the loader makes of it: once.
const module_tasks& module_at(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, const module_tasks*, std::less<>> modules;
  const std::lock_guard lock(mutex);
  const auto found = modules.find(path);
  if (found != modules.end())
    return *found->second;
  return *modules.emplace(path, open_module(path)).first->second;
}

} // namespace

void refuse_module(const std::string& path, const std::string& problem) {
  throw module_error("module " + file_for_message(path) + ": " + problem);
}

module_info load_module_here(std::string path) {
  module_info info{std::move(path), {}};
  for (const auto& task : module_at(info.path).all)
    info.tasks.push_back({task.name, static_cast<module_task_kind>(task.kind), task.parameters,
      task.result, task.takes_text});
  return info;
}

const module_task& task_of_module(const std::string& module, std::string_view name) {
  struct last_asked {
    std::string module;
    const module_task* task = nullptr;
  };
  thread_local last_asked last;
  if (last.task != nullptr && last.task->name == name && last.module == module)
    return *last.task;
  const auto& tasks = module_at(module).all;
  const auto found = std::ranges::find(tasks, name, &module_task::name);
  if (found == tasks.end())
    refuse_module(module, "it has no task " + quoted_for_message(name));
  last = {module, &*found};
  return *found;
}

std::string call_module_task(const module_task& task, std::string_view input, call_form form) {
  if (task.run == nullptr)
    throw module_error("task " + quoted_for_message(task.name) +
                       " is a coroutine, and cannot be called as a plain function");
  std::string result;
  const json_input parsed(input, form != call_form::json && task.takes_text);
  json_call call{parsed.value(), input, result, form == call_form::text};
  task.run(call, task.target);
  return result;
}

} // namespace troupe::detail
