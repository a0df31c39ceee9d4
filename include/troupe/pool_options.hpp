#pragma once

#include <troupe/call.hpp>
#include <troupe/callback.hpp>
#include <troupe/child_limits.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/input.hpp>
#include <troupe/loop_options.hpp>
#include <troupe/output.hpp>
#include <troupe/pool_events.hpp>
#include <troupe/restart_options.hpp>
#include <troupe/sandbox.hpp>
#include <troupe/scheduler.hpp>
#include <troupe/start_method.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

/// What a submission does when `pool_options::max_queue` tasks wait already.
enum class overflow {
  block, ///< waits for room; on the event loop's thread, which must not wait, it throws `queue_full`
  reject, ///< throws `queue_full`
};

/// Everything that can be said about a pool, with its defaults. Aggregate: use designated
/// initializers, `{.processes = 4, .childconcurrency = 16}`. Values out of range make the constructor
/// of `pool` throw `std::invalid_argument` before any child starts.
struct pool_options {
  // -- how much work at once ----------------------------------------------------------------------

  /// Number of children. 0: as many as there are usable CPUs (affinity mask and cgroup quota). At
  /// most `limits::max_processes` (1024). `pool::resize` changes it.
  std::size_t processes = 0;

  /// Called in each child once its event loop exists and before its first task; a plain function, for
  /// example `troupe::call(connect, "db.example", 5432)`. If it throws, the child does not become
  /// ready: when that happens to the pool's first children, the pool fails with `start_failed` and the
  /// initializer's own error nested in it.
  bound_call initializer{};

  /// A child leaves after exactly this many tasks (fewer only if one that it had been given was cancelled
  /// or moved to an idle child); its successor is ready before it leaves. 0: never.
  std::size_t maxtasksperchild = 0;

  /// A child that has more bytes of memory than this after a task takes no more of them, finishes what it has
  /// started, and leaves; its successor is ready before. For libraries that leak. What counts is the memory that is
  /// resident and backed by no file, so not `shared_buffer`s and program code, but with `forkserver` and `fork` also
  /// what is still shared with the zygote. The start fails if a child has more before its first task. 0: any
  /// number. A limit that no task may exceed meanwhile is `limits.address_space`.
  std::size_t maxmemoryperchild = 0;

  /// A child that has taken tasks for this long takes no more, finishes what it has started, and leaves; its
  /// successor is ready before. Each child gets up to a tenth less, by chance, so that they do not all leave at once.
  /// 0: any time, else up to a year.
  std::chrono::milliseconds maxageperchild{0};

  /// Tasks that one child runs at the same time: coroutines, and blocking functions on its thread
  /// pool. Plain functions run one at a time whatever this says. 1 to 16,384.
  std::size_t childconcurrency = 16;

  /// Scheduling lanes, at most one per process. Child i serves queue i mod `queuecount`.
  std::size_t queuecount = 1;

  /// Chooses a queue for each task. Null: a `round_robin` of the pool's own.
  std::shared_ptr<troupe::scheduler> scheduler{};

  /// Called in each child before its event loop is made, with the options of the loop to change, for
  /// example `[](troupe::loop_options& loop) { loop.blocking_threads = 4; }`. If it throws, the start
  /// fails as with `initializer`.
  void (*loop_initializer)(loop_options&) = nullptr;

  /// Called in the child with each exception that leaves a task, before it is proxied to the parent.
  /// What it throws is ignored.
  void (*exception_handler)(std::exception_ptr) = nullptr;

  // -- identity -----------------------------------------------------------------------------------

  /// Appears in logs and errors. Empty: "pool-N".
  std::string name{};

  // -- how children are started -------------------------------------------------------------------

  /// Empty: the process-wide default (`get_start_method`) at the time when the pool is made, which keeps
  /// it: `pool::options` says which. `fork` needs a zygote that the `runtime` has made.
  std::optional<troupe::start_method> start_method{};

  /// Children beyond `processes` that are started, run the initializer, and wait. When a child dies, or
  /// leaves because of `maxtasksperchild` or the like, a spare that is ready takes its position at once, and a new
  /// spare is started. 0 to 1024.
  std::size_t spares = 0;

  // -- supervision --------------------------------------------------------------------------------

  restart_options restart{};

  /// Time from starting a child until its initializer has returned; after it the child is killed and
  /// the start has failed. 1 ms to 1 day.
  std::chrono::milliseconds start_timeout{30'000};

  /// Time that a child gets to leave by itself: after `close` to run its finalizer, after `terminate`
  /// to react to SIGTERM. Then it is killed. 0 to 1 day.
  std::chrono::milliseconds shutdown_timeout{5'000};

  // -- backpressure -------------------------------------------------------------------------------

  /// Tasks that may wait in the parent, submitted and not yet sent to a child. 0: any number. The input
  /// of a map waits for room whatever `overflow` says, and is not read meanwhile; one that is read on the
  /// event loop's thread is bounded by `map_options::buffersize` alone.
  std::size_t max_queue = 0;

  troupe::overflow overflow = troupe::overflow::block;

  // -- what children read and write ---------------------------------------------------------------

  /// What they read from their stdin.
  troupe::input input = troupe::input::null;

  /// What becomes of their stdout and stderr.
  troupe::output output = troupe::output::inherit;

  // -- what the pool reports ----------------------------------------------------------------------

  // These are called on the event loop's thread, which they must not hold up: they may submit tasks and `resize`
  // or close the pool, but not wait for anything. What they throw is logged.

  callback<const troupe::child_started&> on_child_started{};
  /// Also for children that leave in an orderly way: `child_ended::died` says which it was.
  callback<const troupe::child_ended&> on_child_ended{};
  callback<const troupe::task_retried&> on_task_retried{};
  /// For each run of a task, once. What it costs comes with each of them: maps of short items have few runs.
  callback<const troupe::task_ended&> on_task_ended{};
  /// For each task that `slow_after` finds.
  callback<const troupe::task_slow&> on_task_slow{};

  // -- the end of a child -------------------------------------------------------------------------

  /// Called in each child after its last task when it leaves in an orderly way.
  bound_call finalizer{};

  /// What each child may use: memory, descriptors, CPU time, ...
  child_limits limits{};

  // -- where a child lives ------------------------------------------------------------------------

  // These are in force before the initializer. A child that cannot have them does not start, and the error names
  // the option.

  /// The variables of the environment that each child keeps, by name, where `*` at the end stands for any more
  /// letters: `{"PATH", "LC_*"}`. The others are taken away, after the dynamic loader and the program's static
  /// constructors have seen them. Nothing: it keeps all.
  std::optional<std::vector<std::string>> environment{};

  /// The directory in which each child works, as an absolute path. Empty: as the parent does when the child, or the
  /// zygote that forks it, is started.
  std::string working_directory{};

  /// The permissions that files do not get when a child makes them, 0 to 0777. Nothing: as the parent has it.
  std::optional<unsigned> umask{};

  /// What the kernel keeps each child from.
  troupe::sandbox sandbox = troupe::sandbox::none;

  /// The directories beneath which a child in a sandbox may change files, as absolute paths.
  std::vector<std::string> writable_directories{};

  /// Whether a child in a sandbox may open sockets.
  bool sockets = false;

  /// Time that a running task gets to stop by itself after it was cancelled or ran into its timeout. A
  /// coroutine is cancelled as Asio does it; a plain or blocking function can look at
  /// `this_task::stop_token`. Then its child is ended, by SIGTERM and after the same time again by
  /// SIGKILL, which loses the other tasks that it runs. 0 to 1 day.
  std::chrono::milliseconds cancel_grace{1'000};

  // -- tasks that take long -----------------------------------------------------------------------

  /// A task that has run for longer is logged as a warning, with the stack of where it is, and told to `on_task_slow`.
  /// It goes on. 0: never. Up to 1 day. Costs nothing as long as tasks end sooner. Its child is asked by a signal
  /// (SIGURG) to the thread that executes the task, which interrupts what waits there (EINTR); if the task has just
  /// ended, the next one on that thread may be interrupted. Of a coroutine that waits there is no stack.
  std::chrono::milliseconds slow_after{0};
};

} // namespace troupe

#pragma GCC visibility pop
