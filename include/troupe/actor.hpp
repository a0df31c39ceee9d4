#pragma once

#include <troupe/call.hpp>
#include <troupe/codec.hpp>
#include <troupe/detail/caf_version.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/hosted_actor.hpp>
#include <troupe/detail/std_parts.hpp>
#include <troupe/task_options.hpp>

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <utility>

#pragma GCC visibility push(default)

/// A pool among CAF actors. `pool.actor()` is an actor, and a task is a request to it:
///
///     self->request(pool.actor(), caf::infinite, troupe::call(square, 3)).then(
///       [](int nine) { ... },
///       [](caf::error& e) { ... });
///
/// or, with CAF 1.x, `self->mail(troupe::call(square, 3)).request(pool.actor(), caf::infinite).then(...)`. There the
/// type of the response needs a number (message_type.hpp).
///
/// The response is the value that the function returns, of any type that is encodable and copyable, and
/// empty for a function that returns nothing; or a `caf::error` of `task_error`. Options of the task may
/// stand before the call: `request(pool.actor(), caf::infinite, task_options{.name = "a"}, call(...))`.
///
/// A task whose requester has ended is cancelled. The time that is given to CAF's `request` is known to
/// the requester alone: the task goes on. `troupe::request` gives the task the same time.
///
/// The pool's actor ends with the pool: with the reason `exit_reason::normal` after a drain,
/// `user_shutdown` after `terminate`, `task_error::failed` if the pool has failed. An exit message other
/// than a normal one, also from an actor that is linked to it, terminates the pool.
namespace troupe {

class pool;

/// Why a requested task has no value: the codes of a `caf::error` with the category "troupe". Compare an
/// error with them (`e == troupe::task_error::lost`), render it with `actor_system::render` (CAF 1.x:
/// `caf::to_string`), or get the exception back with `rethrow`.
enum class task_error : std::uint8_t {
  threw = 1, ///< the task threw
  lost,      ///< its child died while it was started
  cancelled, ///< it was dropped before it had an outcome
  timeout,   ///< it took longer than it was given
  expired,   ///< it was not started in time
  rejected,  ///< the pool's scheduler or its queue limit refused it
  closed,    ///< the pool takes no more tasks
  failed,    ///< the pool has given up, or the result cannot be decoded
};

/// The name of a code: "threw", "lost", ...
std::string to_string(task_error code);

/// A `caf::error` of that code, without further context.
caf::error make_error(task_error code);

/// Throws the exception that an error of a request stands for: for `task_error` the one that
/// `task_future::get` would throw, as long as the error has not left its process (then, and for errors
/// of other categories, a `troupe::error` or `remote_error` with its text). Requires an error.
/// Thread-safe.
[[noreturn]] void rethrow(const caf::error& failure);

/// The text of an error of a request: what the exception's `what` says. Empty if it has none.
std::string message_of(const caf::error& failure);

/// The demangled name of the exception's type, for example "std::out_of_range". Empty if it has none.
std::string type_of(const caf::error& failure);

namespace detail {

/// A call as it lies in a message to the pool's actor, whatever its result: with the function that makes
/// the response of that type.
struct actor_call {
  actor_call() = default; // which CAF 1.x demands of all types of messages
  template <class R>
  actor_call(typed_call<R> typed)
    : call(std::move(typed))
    , make_reply(&reply_of<R>) {}

  bound_call call;
  /// Throws `decode_error`.
  caf::message (*make_reply)(std::span<const std::byte> result) = nullptr;

private:
  template <class R>
  static caf::message reply_of(std::span<const std::byte> result) {
    decoder in(result);
    if constexpr (std::is_void_v<R>) {
      in.finish();
      return caf::message{};
    } else {
      static_assert(std::copy_constructible<R>,
        "a result that goes to a CAF actor must be copyable, as all messages are");
      R value = in.make<R>();
      in.finish();
      return reply_message(std::move(value));
    }
  }
};

/// The time that a requester waits.
struct request_limit {
  std::chrono::nanoseconds time{0};
};

} // namespace detail

/// `self->request(pool_actor, timeout, options, call)`, or by `mail` in CAF 1.x, for a task that ends with the
/// request: when the timeout passes, the task is cancelled as by `task_future::cancel`, and the requester gets
/// `task_error::timeout`, or CAF's own `sec::request_timeout` if that is earlier. `pool_actor` is
/// `pool.actor()`, or the pool itself. To be called by the actor `self`.
template <class Self, class Rep, class Period, class R>
auto request(Self* self, const caf::actor& pool_actor, std::chrono::duration<Rep, Period> timeout,
  task_options options, typed_call<R> call) {
  const auto limit = std::chrono::ceil<std::chrono::nanoseconds>(timeout);
  return detail::send_request(
    self, pool_actor, limit, detail::request_limit{limit}, std::move(options), std::move(call));
}
template <class Self, class Rep, class Period, class R>
auto request(Self* self, const caf::actor& pool_actor, std::chrono::duration<Rep, Period> timeout,
  typed_call<R> call) {
  return request(self, pool_actor, timeout, task_options{}, std::move(call));
}
template <class Self, std::same_as<pool> Pool, class Rep, class Period, class R>
auto request(Self* self, const Pool& to, std::chrono::duration<Rep, Period> timeout,
  task_options options, typed_call<R> call) {
  return request(self, to.actor(), timeout, std::move(options), std::move(call));
}
template <class Self, std::same_as<pool> Pool, class Rep, class Period, class R>
auto request(
  Self* self, const Pool& to, std::chrono::duration<Rep, Period> timeout, typed_call<R> call) {
  return request(self, to.actor(), timeout, std::move(call));
}

} // namespace troupe

#pragma GCC visibility pop

// They name functions of this image, and stay in this process.
TROUPE_UNSENT_TYPE(1, troupe::detail::actor_call)
TROUPE_UNSENT_TYPE(2, troupe::detail::request_limit)
TROUPE_UNSENT_TYPE(3, troupe::task_options)
TROUPE_ERROR_CODES(0, task_error)
