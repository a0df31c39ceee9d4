#pragma once

#include <troupe/call.hpp>
#include <troupe/callback.hpp>
#include <troupe/detail/actor_part.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/start_method.hpp>
#include <troupe/task_registry.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

class pool;
class process;

/// Everything that can be said about a runtime, with its defaults. Aggregate: use designated initializers,
/// `{.start_method = troupe::start_method::fork}`.
struct runtime_options {
  /// Threads of CAF's scheduler in this process, on which actors of the program run; troupe's own run on
  /// the event loop. 1 to 1024.
  std::size_t caf_threads = 1;

  /// Called with the settings of this process's actor system before that is made, to load modules of CAF, to
  /// add message types, to read a file (`config.parse`). It may set everything but the scheduler's threads
  /// (`caf_threads`). Children have settings of their own. What it throws, the constructor throws.
  callback<caf::actor_system_config&> configure_caf{};

  /// Sets the process-wide default start method, as `set_start_method` does. With `fork`, set here or
  /// before, the constructor forks the zygote; pools may use `spawn` and `forkserver` nonetheless.
  std::optional<troupe::start_method> start_method{};

  /// Calls of plain functions that the zygote of start method `forkserver` runs once, in this order,
  /// before it forks its first child: to load or compute what all children need, which then share it. If
  /// one throws, no child is started: the pools fail with `start_failed`, and the exception nested in
  /// it. They may start threads only if these end with the call. A zygote that had to be made again runs
  /// them again. They run when the first pool asks for children, and count towards its
  /// `start_timeout`.
  std::vector<bound_call> preload{};

  /// Time that the preload calls may take together; after it the zygote is ended, and the start has
  /// failed. 1 ms to 1 day.
  std::chrono::milliseconds preload_timeout{60'000};

  /// Whether other processes of this user may watch the pools of this one, and drain, recycle and resize them: a
  /// socket in the user's runtime directory (control.hpp), as `troupe top` looks for. TROUPE_CONTROL in the environment
  /// decides instead if it is 1 or 0. It costs nothing while nobody looks. Where it cannot be made, the log says so,
  /// and nothing else changes. Children have none.
  bool control = false;

  /// Names of functions, for configuration files: `load_config(path, rt.tasks())`.
  task_registry tasks{};
};

namespace detail {

/// Throws `std::logic_error` if the calling thread is a loop's thread (detail/promise.hpp).
void check_may_block(const char* what);

struct runtime_access; // for the library's own sources

} // namespace detail

/// What a program needs to have pools: an event loop on a thread of its own, a CAF actor system, and the
/// means to start children. Construct one, as the first statement of `main`:
///
///     int main(int argc, char** argv) {
///       troupe::runtime rt{argc, argv};
///
/// A child runs the same program, with the same command line, and in it the constructor takes over and never
/// returns: what stands before it in `main` runs in each child as well, what follows runs in the parent only.
/// (With the start methods `forkserver` and `fork` it has run in their zygote.) To make it later than that,
/// or only when something needs it, call `child_entry` (child_entry.hpp) at the top of `main`.
///
/// A process has one runtime at a time. Libraries of one program share it: `try_current`.
///
/// It opens /dev/null on descriptors 0 to 2 that are closed, and gives SIGCHLD back its default action if
/// the program was started with it ignored. Outlives its pools, and the processes that are started. Its
/// functions are thread-safe.
class runtime {
public:
  /// Throws `not_in_main` inside a child, `std::invalid_argument` for options out of range,
  /// `std::logic_error` if this process has a runtime already, or other threads when the start method is
  /// `fork`, and `std::system_error` if threads or descriptors cannot be had. Then it leaves nothing behind.
  ///
  /// The command line of the children is that of this process, as the kernel has it; `argc` and `argv`, those
  /// of `main`, are used where that cannot be read.
  runtime(int argc, char** argv, runtime_options options = {});
  /// The same, for those who do not have them.
  explicit runtime(runtime_options options = {});
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
  /// Terminates the processes (process.hpp) that are daemonic, and waits for all of them.
  ~runtime();

  /// The runtime of this process, while there is one, and null otherwise: before its constructor has
  /// returned, after its destructor has begun, and in a child. Thread-safe; the caller sees to it that the
  /// runtime is not destroyed meanwhile.
  static runtime* try_current() noexcept;
  /// The same. Throws `std::logic_error` if there is none.
  static runtime& current();

  /// Loads a module (a shared library, a plugin) into this process, as `dlopen` with `RTLD_NOW`, and into
  /// every child, present and future, before it runs anything of it. It stays loaded. Functions of it can be
  /// tasks then; those of a module that was loaded in another way after the program had started are refused
  /// by children, with an error that names the module. `path` is a file; relative ones are taken from the
  /// working directory. Throws `std::runtime_error` with what the loader says. Thread-safe.
  void load_module(const std::string& path);

  /// Runs a coroutine on the event loop and waits for its value; throws what it throws. Takes an
  /// `asio::awaitable` or a callable that returns one. Like asyncio.run: blocking inside the coroutine
  /// blocks all pools of the process. Throws `std::logic_error` on the loop's own thread. Include coroutine.hpp.
  template <class Awaitable>
  requires detail::is_awaitable_v<std::decay_t<Awaitable>>
  auto run(Awaitable&& task) {
    detail::check_may_block("runtime::run");
    return detail::coroutines_of<std::decay_t<Awaitable>>().run(
      loop(), std::forward<Awaitable>(task));
  }
  template <std::invocable F>
  requires detail::is_awaitable_v<std::invoke_result_t<F>>
  auto run(F&& f) {
    return run(std::forward<F>(f)()); // `f` outlives the coroutine, which may use its captures
  }

  /// The event loop's executor: a `boost::asio::io_context::executor_type` (include coroutine.hpp, or that class).
  template <class Context = boost::asio::io_context>
  auto executor() noexcept {
    return static_cast<Context&>(loop()).get_executor();
  }

  /// `runtime_options::tasks`.
  const task_registry& tasks() const noexcept;

  /// The actor system of this process, for the program's own actors (include actor.hpp, or CAF's header).
  caf::actor_system& system() noexcept;

private:
  friend class pool;
  friend class process;
  friend struct detail::runtime_access;
  struct state;
  void start(std::vector<std::string> arguments, const runtime_options& options);
  boost::asio::io_context& loop() noexcept;

  state* state_ = nullptr; // owned
};

} // namespace troupe

#pragma GCC visibility pop
