#pragma once

#include <troupe/call.hpp>
#include <troupe/detail/begun_wait.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/process_access.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/errors.hpp>
#include <troupe/process_options.hpp>
#include <troupe/runtime.hpp>
#include <troupe/task_future.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// One call on a child process of its own, as Python's `multiprocessing.Process`:
///
///     troupe::process p{rt, troupe::call(import_file, "books.csv")};
///     p.start();
///     p.join();
///     if (p.exit_code() != 0) { ... }
///
/// The call is of a plain function, a captureless lambda, a coroutine or a `blocking` function. What it
/// returns is dropped: `worker` keeps it. If it throws, that is logged, and the exit code is 1. The exit
/// code is 0 if it returns, what the function passes to `exit` if it does that, and minus the signal if
/// a signal ends the child.
///
/// A handle: move-only, and the process does not depend on it. It goes on when its handle is gone; at the
/// latest the runtime ends it or waits for it (`process_options::daemon`). The runtime outlives the
/// handles of processes that may still be started.
///
/// All functions may be called from any thread, and throw `std::logic_error` where the state of the
/// process does not allow them, and all but `close` after `close`. Those that block (`start`, `join`,
/// `join_for`) throw it on the event loop's thread too: use `co_await` there.
class process {
public:
  /// Does not start it; the start method is the process-wide default of this moment. Throws
  /// `std::invalid_argument` for options out of range, for an initializer or finalizer that is not a plain
  /// function, for an empty call, and if the method is `fork` without a zygote.
  explicit process(runtime& rt, bound_call call, process_options options = {});
  process(process&&) noexcept = default;
  process& operator=(process&&) noexcept = default;
  /// Does not wait, and leaves a process that runs alone.
  ~process() = default;

  // -- its life -----------------------------------------------------------------------------------

  /// Starts the child and waits until it exists, so that `pid` is known. Throws `start_failed` if it
  /// cannot be launched (the cause is nested), and `std::logic_error` the second time and when the
  /// runtime is ending.
  void start();

  /// `co_await p.async_start()` in an `asio::awaitable` coroutine (include coroutine.hpp): as `start`, without blocking.
  auto async_start() {
    return detail::begin_and_wait<void>([process = self_](const detail::promise_ptr& waiter) {
      detail::start_process(process, waiter);
    });
  }

  /// Waits until the child is gone. May be called again. Throws `start_failed` if the call was never
  /// begun because the child could not be launched, its initializer threw or it was not ready in time;
  /// `join` of a `worker` also throws the call's own failure. Throws `std::logic_error` ("must start
  /// process before joining it") before `start`.
  void join();

  /// As `join`, but waits for at most that long: then it throws `process_timeout`, and the process goes on.
  /// So it returns true or not at all, where `pool::join_for` returns false. They differ because `join` does:
  /// that of a process throws the failure of its call, and Python's `Process.join`, after which this one is
  /// made, raises an error when the time has passed; that of a pool has nothing to throw.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    join_until(std::chrono::steady_clock::now() +
               std::chrono::ceil<std::chrono::steady_clock::duration>(time));
    return true;
  }

  /// `co_await p` in an `asio::awaitable` coroutine: starts it if it was not started, and joins it
  /// without blocking. Any number of coroutines may wait. Takes any completion token; the signature is
  /// `void(std::exception_ptr)`. Cancelling the wait leaves the process alone.
  template <detail::completion_token CompletionToken>
  auto operator()(CompletionToken&& token) {
    return awaited_as<void>(std::forward<CompletionToken>(token));
  }

  /// Sends SIGTERM to the child. Does not wait; does nothing if the process has ended. Throws
  /// `std::logic_error` before `start`.
  void terminate();
  /// As `terminate`, with SIGKILL.
  void kill();

  /// Releases what the process holds, with the result. May be called again; every other function is an
  /// error afterwards. Throws `std::logic_error` while the process runs.
  void close();

  // -- what is known of it ------------------------------------------------------------------------

  /// Whether the process has been started and has not ended.
  bool is_alive() const;
  /// The process id of the child; 0 before `start`. Kept when the process has ended.
  pid_t pid() const;
  /// The exit code: empty until the process has ended, then 0, what it passed to `exit`, or minus the
  /// signal that ended it. Stays empty if it was not launched, or if other code in this program took its
  /// exit status (`waitpid(-1)`).
  std::optional<int> exit_code() const;
  /// `process_options::name`, or the name that it was given.
  const std::string& name() const;

  /// Whether the runtime ends the process rather than waits for it (`process_options::daemon`).
  bool daemon() const;
  /// Changes that. Throws `std::logic_error` once the process has been started.
  void set_daemon(bool daemon);

protected:
  enum class failures { logged, thrown };

  process(runtime& rt, bound_call call, process_options options, failures its_failures);

  const detail::process_ref& self() const noexcept { return self_; }
  template <class R, class CompletionToken>
  auto awaited_as(CompletionToken&& token) const {
    return detail::begin_and_wait<R>([process = self_](const detail::promise_ptr& waiter) {
      detail::await_process(process, waiter);
    })(std::forward<CompletionToken>(token));
  }

private:
  void join_until(std::chrono::steady_clock::time_point deadline);

  detail::process_ref self_;
};

/// A process whose call has a result:
///
///     troupe::worker w{rt, troupe::call(square, 3)};  // a worker<int>
///     w.start();
///     w.join();
///     int nine = w.result();
///
/// Everything of `process`; but its call's failure is thrown by `join` and `result`, not logged: the
/// exception that left the function (also as `proxy_exception`), or `child_lost` if the child ended
/// without a result. A result that was sent counts, however the child ended.
template <class R>
class worker : public process {
public:
  using value_type = R;

  /// As `process`.
  explicit worker(runtime& rt, typed_call<R> call, process_options options = {})
    : process(rt, std::move(call), std::move(options), failures::thrown) {}

  /// The call's value; throws its failure. May be called again. Throws `std::logic_error` ("not
  /// completed") before the process has ended.
  R result() const { return detail::take_result<R>(*detail::completed_call(self())); }

  /// `int nine = co_await w`: starts it if it was not started, joins it, and gives the call's value. As that
  /// of `process`, with the signature `void(std::exception_ptr, R)`.
  template <detail::completion_token CompletionToken>
  auto operator()(CompletionToken&& token) {
    return this->template awaited_as<R>(std::forward<CompletionToken>(token));
  }
};

namespace detail {
template <>
inline constexpr bool is_awaited_by_name<process> = true;
template <class R>
inline constexpr bool is_awaited_by_name<worker<R>> = true;
} // namespace detail

} // namespace troupe

#pragma GCC visibility pop
