#include "module/loaded_modules.hpp"

#include "base/limits.hpp"

#include <troupe/detail/json_value.hpp>
#include <troupe/process.hpp>

#include <filesystem>
#include <optional>

namespace troupe {

namespace {

// What has no slash in it the loader would look for elsewhere.
std::string full_path(const std::string& path) {
  std::error_code failure;
  const auto full = std::filesystem::absolute(path, failure);
  return failure ? path : full.string();
}

void load_and_call(std::vector<std::string> modules, std::string task, std::string arguments) {
  std::vector<module_info> loaded;
  for (auto& path : modules)
    loaded.push_back(detail::load_module_here(std::move(path)));
  if (task.empty())
    return;
  const auto chosen = find_task(loaded, task);
  static_cast<void>(loaded_task::find(chosen.module, chosen.task.name).call(arguments));
}

module_info result_of(worker<module_info>& child, const std::string& path) {
  try {
    child.join_for(limits::module_patience);
    return child.result();
  } catch (const process_timeout&) {
    child.kill();
    detail::refuse_module(path,
      "it has not been loaded within " + std::to_string(limits::module_patience.count()) + 's');
  } catch (const child_lost& lost) {
    detail::refuse_module(
      path, "the process that loaded it " + lost.exit().describe() + lost.exit().last_words());
  } catch (const module_error&) {
    throw;
  } catch (const start_failed&) {
    throw;
  } catch (const std::exception& e) {
    detail::refuse_module(path, std::string("it throws while it is loaded: ") + e.what());
  }
}

} // namespace

module_info probe_module(runtime& rt, const std::string& path) {
  const auto full = full_path(path);
  worker child(
    rt, call(detail::load_module_here, full), {.name = "module " + path, .daemon = true});
  child.start();
  return result_of(child, full);
}

typed_call<void> load_modules(
  std::vector<std::string> modules, std::string task, std::string arguments) {
  for (auto& path : modules)
    path = full_path(path);
  return call(load_and_call, std::move(modules), std::move(task), std::move(arguments));
}

} // namespace troupe
