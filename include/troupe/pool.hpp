#pragma once

#include <troupe/actor_options.hpp>
#include <troupe/call.hpp>
#include <troupe/detail/actor_part.hpp>
#include <troupe/detail/begun_wait.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/detail/submission.hpp>
#include <troupe/errors.hpp>
#include <troupe/map_result.hpp>
#include <troupe/pool_handle.hpp>
#include <troupe/pool_options.hpp>
#include <troupe/runtime.hpp>
#include <troupe/stats.hpp>
#include <troupe/task_future.hpp>
#include <troupe/task_options.hpp>

#include <concepts>
#include <ranges> // the whole of it: views are what many a map is given
#include <tuple>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

namespace troupe {

struct pool_snapshot; // snapshot.hpp
struct thread_stack;

/// START HERE. A pool of child processes of this program, which run functions and coroutines:
///
///     int square(int x) { return x * x; }
///
///     int main(int argc, char** argv) {
///       troupe::runtime rt{argc, argv};
///       troupe::pool pool{rt, {.processes = 4}};
///       int nine = pool.apply(square, 3).get();
///       for (int v : pool.map(square, std::vector{1, 2, 3})) { ... }
///     }
///
/// A task is a call of
/// - a plain function or captureless lambda: runs to its end on the child's event loop, one at a time;
/// - a coroutine that returns `boost::asio::awaitable<R>`: up to `childconcurrency` at once in a child,
///   on its event loop;
/// - `troupe::blocking(f)`: on the child's threads, up to `childconcurrency` at once.
///
/// Arguments are converted to the function's parameter types and encoded (codec.hpp) by the caller;
/// parameters may be values, const or rvalue references, `std::string_view`, `const char*` and
/// `std::span<const T>`. Each accepted task resolves exactly once: with its value, with the exception
/// that it threw (proxy_exception.hpp), with `child_lost` if its child died after it was started, or
/// with the error that kept it from running. Tasks that were not started when their child died run in
/// another one. Timeouts, retries and priorities are in task_options.hpp; what a task can know of itself
/// is in this_task.hpp.
///
/// All functions may be called from any thread, at the same time. Those that block (`join`, `join_for`,
/// `stats`, `running_tasks`, `snapshot`, `stack_of`) throw `std::logic_error` on the event loop's thread; the destructor does not
/// wait there. Times are of the steady clock.
class pool {
public:
  /// Starts the children, without waiting for them. Throws `std::invalid_argument` for options out of
  /// range, before any child is started. Children that cannot be started fail the tasks (`start_failed`).
  explicit pool(runtime& rt, pool_options options = {});
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
  /// Terminates and joins.
  ~pool();

  // -- one task -----------------------------------------------------------------------------------

  /// Runs `f(args...)` in a child, and gives the future of its result. Does not wait, unless
  /// `pool_options::max_queue` tasks wait already and `pool_options::overflow` is `block`. O(size of the
  /// arguments).
  ///
  /// Throws `pool_closed`; `encode_error` if an argument cannot be encoded, or if all arguments together take
  /// more than 2 GiB; `queue_full` as `pool_options::overflow` says; and `std::invalid_argument` for options
  /// out of range.
  template <class F = detail::several_functions, class... Args>
  requires detail::one_function<F, Args...>
  auto apply(F&& f, Args&&... args) {
    return detail::submit<F, Args...>(open_control(), nullptr, f, std::forward<Args>(args)...);
  }
  template <detail::one_function F = detail::several_functions, class... Args>
  auto apply(task_options options, F&& f, Args&&... args) {
    auto checked = detail::checked_options(std::move(options));
    return detail::submit<F, Args...>(
      open_control(), std::move(checked), f, std::forward<Args>(args)...);
  }

  /// Runs `f(args...)` once in each child, and gives the futures in the order of the slots: to empty a cache, to
  /// read a configuration again, to ask each child something. A call waits for the child of its slot, but goes
  /// before the tasks that wait in the pool's queues; it is not given to a spare, nor to children that are
  /// started later, for which there is `pool_options::initializer`. If the child dies before it has started
  /// the call, its successor gets it. The future of a slot that `resize` removes meanwhile throws
  /// `task_cancelled`. Throws as `apply`, but waits for room in the queue instead of throwing `queue_full`.
  template <class F = detail::several_functions, class... Args>
  requires detail::one_function<F, Args...>
  auto broadcast(F&& f, Args&&... args) {
    return detail::submit_to_slots<F, Args...>(
      open_control(), nullptr, f, std::forward<Args>(args)...);
  }
  template <detail::one_function F = detail::several_functions, class... Args>
  auto broadcast(task_options options, F&& f, Args&&... args) {
    const auto checked = detail::checked_options(std::move(options));
    return detail::submit_to_slots<F, Args...>(
      open_control(), checked, f, std::forward<Args>(args)...);
  }

  // -- many tasks ---------------------------------------------------------------------------------

  /// Runs `f(item)` for each item of a range. The results come in input order, as a whole (`get`,
  /// `co_await`) or one by one (iteration, `next`). Submits as much as `map_options::buffersize` allows;
  /// the rest is submitted as results are taken, and may be made of them: an input of unknown size that is at
  /// its end is asked again as long as there are results to take. Throws `pool_closed`, `std::invalid_argument`
  /// for options out of range, what reading the range throws, and `encode_error` as `apply`.
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map(F&& f, Range&& range) {
    return detail::map_items(open_control(), map_options{}, f, std::forward<Range>(range));
  }
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map(const map_options& options, F&& f, Range&& range) {
    return detail::map_items(open_control(), options, f, std::forward<Range>(range));
  }

  /// As `map`, for a range of tuples or pairs: runs `f(elements...)` for each.
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto starmap(F&& f, Range&& range) {
    return detail::starmap_items(open_control(), map_options{}, f, std::forward<Range>(range));
  }
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto starmap(const map_options& options, F&& f, Range&& range) {
    return detail::starmap_items(open_control(), options, f, std::forward<Range>(range));
  }

  /// As `map`, but the results come as they are completed, each with the index of its item.
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map_unordered(F&& f, Range&& range) {
    return detail::map_items_unordered(
      open_control(), map_options{}, f, std::forward<Range>(range));
  }
  template <detail::one_function F = detail::several_functions, std::ranges::input_range Range>
  auto map_unordered(const map_options& options, F&& f, Range&& range) {
    return detail::map_items_unordered(open_control(), options, f, std::forward<Range>(range));
  }

  // -- among actors -------------------------------------------------------------------------------

  // Include actor.hpp for these.

  /// The handle by which CAF actors request tasks (actor.hpp), and may monitor or link to the pool.
  /// Actors that hold it do not keep the pool alive. Thread-safe.
  caf::actor actor() const;

  /// Starts an actor of the class `Actor` in a child, as `actor_system::spawn` does here, and gives a
  /// handle that is like any other: it can be sent to, asked, monitored, linked, and passed on in
  /// messages, also to actors in other children. Does not wait: what it is sent meanwhile waits for it.
  ///
  /// `Actor` derives from `caf::event_based_actor` or is a `caf::stateful_actor`; `args` are encodable.
  /// The actor runs on the child's event loop, so never at the same time as a plain task or another actor
  /// of that child; actors that it spawns itself run in the child's CAF scheduler. The scheduler of the
  /// pool places it, in the child that has the least to do.
  ///
  /// The actor lives until it quits, is killed, or its child ends, whoever holds handles. If it could not
  /// be made, the handle ends with that error. When its child dies, its handle ends within milliseconds,
  /// with the reason `task_error::lost`, unless `actor_options::restart` demands a successor: then
  /// the handle stays, messages that come meanwhile wait, and requests that the dead one had are answered
  /// with the error. An actor that ends more often than `restart.intensity` of the pool's options is given
  /// up (`task_error::failed`). An exit message to the handle goes to the actor; with the reason
  /// `exit_reason::kill` it ends both for good. `close` and `terminate` end the actors of a pool with
  /// `exit_reason::user_shutdown`.
  ///
  /// Types in its messages must be known to CAF (message_type.hpp). Throws `pool_closed` and
  /// `encode_error`.
  template <std::derived_from<caf::local_actor> Actor, class... Args>
  auto spawn(actor_options options, Args&&... args) {
    return spawn_hosted(
      std::move(options), detail::actors_of<Actor>().call(std::forward<Args>(args)...));
  }
  template <std::derived_from<caf::local_actor> Actor, class... Args>
  requires(!detail::starts_with_actor_options<Args...>) auto spawn(Args&&... args) {
    return spawn<Actor>(actor_options{}, std::forward<Args>(args)...);
  }

  /// As `spawn<Actor>`, for a function or captureless lambda that returns a `caf::behavior`, with or
  /// without a pointer to its actor as first parameter; or for CAF 1.x's `caf::actor_from_state<State>`.
  template <detail::behavior_maker F, class... Args>
  auto spawn(actor_options options, F&& f, Args&&... args) {
    const auto function = detail::maker_of(f);
    return spawn_hosted(
      std::move(options), detail::actors_of<std::remove_const_t<decltype(function)>>().call(
                            function, std::forward<Args>(args)...));
  }
  template <detail::behavior_maker F, class... Args>
  auto spawn(F&& f, Args&&... args) {
    return spawn(actor_options{}, std::forward<F>(f), std::forward<Args>(args)...);
  }

  // -- from inside a task -------------------------------------------------------------------------

  /// A handle to pass to tasks, by which they can submit tasks to this pool themselves.
  pool_handle handle() const { return pool_handle(control_); }

  // -- its size -----------------------------------------------------------------------------------

  /// From now on the pool has `processes` children (0: as many as usable CPUs; at least `queuecount`, at most
  /// 1024). New ones are started; those of the last slots finish what they have started and leave, and what they had
  /// not started goes to others. Does not wait. Throws `std::invalid_argument`, and `pool_closed`.
  void resize(std::size_t processes);

  /// Replaces the child of a slot: it takes no more tasks, finishes what it has started, and leaves when its successor
  /// is ready; what it had not started goes to others. Nothing happens if the slot has no child that takes tasks. Does
  /// not wait. Throws `std::out_of_range` if there is no such slot, and `pool_closed`.
  void recycle(std::size_t slot);

  /// Replaces all children, as `recycle` does, one slot after the other: each when the one before has its successor. Those
  /// that are started from now on have the `initializer`, `finalizer`, `loop_initializer`, `exception_handler`, `input`,
  /// `output`, `limits`, `maxmemoryperchild` and what stands under "where a child lives" of these options, of which nothing
  /// else is looked at. Spares are replaced at once. While a
  /// successor cannot start, which is logged, the others stay as they are, and the pool goes on with one child less: another
  /// `renew` mends that. Does not wait. Throws `std::invalid_argument` for options out of range, and `pool_closed`.
  void renew(const pool_options& now);

  // -- its end ------------------------------------------------------------------------------------

  /// Makes the pool take no more tasks. Those that were accepted are run, and those that they submit
  /// themselves; then the children leave. May be called again. Does not wait.
  void close();

  /// Drops all tasks, which fail with `task_cancelled`, and ends the children: SIGTERM, and after
  /// `shutdown_timeout` SIGKILL. May be called again, also after `close`. Does not wait.
  void terminate();

  /// Waits until the last child is gone. May be called again. Throws `std::logic_error` ("pool is still
  /// open") before `close` or `terminate`, and nothing else: what became of the tasks, their futures say.
  void join();

  /// As `join`, but waits for at most that long, and returns whether the last child is gone.
  /// (`process::join_for` throws where this returns false; it says why.)
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return join_until(std::chrono::steady_clock::now() +
                      std::chrono::ceil<std::chrono::steady_clock::duration>(time));
  }

  // -- what is known of it ------------------------------------------------------------------------

  /// `co_await pool.ready()` (include coroutine.hpp): waits until each of the `processes` has a child that has run its initializer. Tasks
  /// need not wait for that; it is for those who measure, or who accept work only when it will start at once. An
  /// Asio operation with the signature `void(std::exception_ptr)` that takes any completion token; blocking:
  /// `pool.ready()(boost::asio::use_future).get()`. Throws what makes the pool fail (`start_failed`), and
  /// `pool_closed` if it ends before.
  auto ready() const {
    return detail::begin_and_wait<void>(
      [pool = control_](const detail::promise_ptr& waiter) { detail::await_ready(pool, waiter); });
  }

  /// A snapshot of the pool's counters and children. Takes a round trip to the event loop, and throws
  /// `std::logic_error` there.
  pool_stats stats() const;

  /// The tasks that children have started and not ended, those first that have run longest. As `stats`.
  std::vector<running_task> running_tasks() const;

  /// All that can be seen of the pool, of one moment: `stats`, `running_tasks`, what has become of tasks by name, and
  /// the last failures. As `stats`; O(children, tasks that run, names). Include snapshot.hpp.
  pool_snapshot snapshot() const;

  /// The stacks of the threads of the child of a slot, at most 32: to see where a task hangs. Waits for them, at most a
  /// second. Each thread is interrupted by SIGURG, so a system call of it may end with EINTR. Throws
  /// `std::out_of_range` if there is no such slot, and `error` if there is no child that answers; otherwise as `stats`.
  /// Include snapshot.hpp.
  std::vector<thread_stack> stack_of(std::size_t slot) const;

  /// The options that the pool was made with, with `processes`, `name` and `start_method` filled in.
  const pool_options& options() const noexcept;

private:
  caf::actor spawn_hosted(actor_options options, typed_call<detail::hosted_id> start) const;
  void check_open() const;
  const detail::pool_ref& open_control() const {
    check_open();
    return control_;
  }
  bool join_until(std::chrono::steady_clock::time_point deadline);

  detail::pool_ref control_;
};

} // namespace troupe

#pragma GCC visibility pop
