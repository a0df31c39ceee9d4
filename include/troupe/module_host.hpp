#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/errors.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

/// What a program needs to run tasks of modules (module.hpp) that it was not compiled with. Modules are loaded in
/// children only: one that crashes while it is loaded ends a child, and the parent says which module it was.
///
/// The program shows its symbols to modules: link it with `-rdynamic` (CMake: `ENABLE_EXPORTS`) and with the whole of a
/// static libtroupe (`-Wl,--whole-archive`), or with a shared one.
namespace troupe {

class runtime;

/// A module cannot be loaded, or has no such task. The message names the module.
class module_error : public error {
public:
  using error::error;
};

/// What a task of a module is.
enum class module_task_kind : std::uint8_t { plain, coroutine, blocking };

/// What is known of a task of a module.
struct module_task_info {
  std::string name;
  module_task_kind kind = module_task_kind::plain;
  /// The types of its parameters and of its result, in words: "integer", "[string, ...]", "{title: string}".
  std::vector<std::string> parameters;
  std::string result;
  /// Its only parameter is a string or a path, so that it takes a line of text as it is.
  bool takes_text = false;

  /// "add(integer, integer) -> integer"
  std::string signature() const;
};

/// What is known of a module.
struct module_info {
  std::string path;
  std::vector<module_task_info> tasks; ///< in the order of `TROUPE_TASKS`

  /// The file's name without its directory, a "lib" before it, and what follows its first dot.
  std::string name() const;
};

/// A module and one of its tasks.
struct chosen_task {
  std::string module; ///< path
  module_task_info task;
};

/// Loads a module in a process of its own, which ends then, and says what tasks it has. Waits for it, at most half a
/// minute. Throws `module_error` if the file cannot be loaded (what the loader says), is no module, was compiled with
/// another version of troupe, or crashes, throws or ends its process while it is loaded; `start_failed` if there can be
/// no process. In the parent; thread-safe, but not on the event loop's thread.
module_info probe_module(runtime& rt, const std::string& path);

/// The task that `written` means: "NAME", or "MODULE:NAME" with the module's `name()` or path. A name may have :: in it,
/// and even : where it is what a module has: "books::parse", "shop:books::parse". Throws `module_error` if
/// there is none, with the nearest name, or if several modules have it.
chosen_task find_task(const std::vector<module_info>& modules, std::string_view written);

/// The task that "MODULE:NAME" means, with the path of a module: probes it, and throws as `probe_module` and `find_task`.
/// Both may have colons in them: the path ends before the first : that stands alone and has a file before it.
chosen_task probe_task(runtime& rt, std::string_view written);

/// A call that loads modules in the child that runs it, and then calls a plain or blocking task of theirs with JSON
/// `arguments` (`loaded_task::call`), unless `task`, as `find_task` takes it, is empty. For initializers:
/// `pool_options::initializer = load_modules({"/opt/libtasks.so"})`. Paths are taken from the working directory.
typed_call<void> load_modules(
  std::vector<std::string> modules, std::string task = {}, std::string arguments = "[]");

/// How a task gets its arguments and gives its result.
enum class call_form : std::uint8_t {
  /// Both are JSON: the value of its only parameter, or an array of as many as it has.
  json,
  /// A line of text is the argument itself if the only parameter is a string or a path, and JSON else; the result is JSON.
  text_to_json,
  /// The same, and a result that is a string is given as it is; none is an empty text.
  text,
};

namespace detail {
struct module_task;
const module_task& task_of_module(const std::string& module, std::string_view name);
std::string call_module_task(const module_task& task, std::string_view input, call_form form);

/// The body of `loaded_task::start`, when Asio's type is complete.
template <class Result>
struct module_coroutines;
} // namespace detail

/// A task of a module that is loaded in this process: in a child. A view; modules stay loaded.
class loaded_task {
public:
  /// Loads the module if it is not loaded. Throws `module_error`. O(1) for the task that this thread asked for before.
  static loaded_task find(const std::string& module, std::string_view name) {
    return loaded_task(detail::task_of_module(module, name));
  }

  /// Calls a plain or blocking task here. Throws `json_error` if it does not take the input, and what it throws itself.
  std::string call(std::string_view input, call_form form = call_form::json) const {
    return detail::call_module_task(*task_, input, form);
  }

  /// As `call`, for a coroutine (include module_coroutine.hpp): `co_await task.start(input)`.
  template <class Result = std::string>
  detail::awaitable<Result> start(std::string input, call_form form = call_form::json) const {
    return detail::module_coroutines<Result>::start(*task_, std::move(input), form);
  }

private:
  explicit loaded_task(const detail::module_task& task) noexcept
    : task_(&task) {}

  const detail::module_task* task_;
};

} // namespace troupe

#pragma GCC visibility pop
