#pragma once

#include <troupe/codec.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>
#include <troupe/detail/queue_port.hpp>
#include <troupe/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

/// A first-in, first-out queue of at most `capacity` values, for any number of producers and consumers in
/// the parent and in its children:
///
///     int consume(troupe::queue<job> jobs) {
///       int done = 0;
///       while (auto next = jobs.pop()) // nothing: closed, and all taken
///         done += work(*next);
///       return done;
///     }
///
///     troupe::queue<job> jobs{rt, 100};
///     auto done = pool.apply(troupe::blocking(consume), jobs);
///     jobs.push(job{...}); // waits while 100 are in it
///     jobs.close();
///
/// A handle: copies name the same queue, which lives in the parent, and a const one is as good as any. It
/// can be an argument of a task, and part of one. When the last handle in the parent is gone, the queue
/// closes; what is in it then can still be popped by children that know it. The values cross processes as
/// arguments do (codec.hpp). A child can use a queue only if a handle of it was sent there.
///
/// A queue is full when it has as many values as its capacity, or when the encoded values in it have 2 GiB.
///
/// The functions that block (`push`, `pop`, their variants `try_` and `_for`) throw `std::logic_error` where
/// the calling thread must not wait: in the parent that is the event loop's thread, in a child a coroutine,
/// which has `async_push` and `async_pop`. In a child they may be called by plain functions, blocking
/// functions, initializers and finalizers, and by other threads of these. A plain function that waits here
/// keeps its child from everything else: a consumer that waits for values of a producer in the same pool had
/// better be a coroutine or a blocking function.
///
/// Every operation throws `troupe::error` if the queue has failed in the parent, which only a lack of memory
/// can cause; the values in it are lost then.
///
/// A child that dies while it waits in `pop` takes no value with it; one that dies with a value that it was
/// given has it lost, as any task loses what it worked on. Between these lies a moment in which the value
/// is on its way to the child: it is lost then as well.
///
/// Thread-safe. Must not outlive the runtime.
template <class T>
class queue {
public:
  using value_type = T;

  /// No queue: every operation throws `std::logic_error`.
  queue() = default;

  /// Makes a new queue, in the parent. Throws `std::invalid_argument` unless `capacity` is 1 to 1,048,576
  /// values.
  queue(runtime& rt, std::size_t capacity)
    : port_(detail::make_queue(rt, capacity)) {}

  bool valid() const noexcept { return port_ != nullptr; }

  // -- producing ----------------------------------------------------------------------------------

  /// Waits for room, and appends the value. Throws `queue_closed`, also if the queue is closed meanwhile, and
  /// `encode_error` if the value cannot be encoded or takes more than 2 GiB.
  void push(const T& value) const {
    push_within(value, detail::queue_port::for_ever, "queue::push");
  }

  /// Appends the value if there is room at once; else returns false. Throws as `push`. Takes a message to the
  /// event loop and back.
  bool try_push(const T& value) const {
    return push_within(value, std::chrono::nanoseconds::zero(), "queue::try_push");
  }

  /// As `push`, but waits for at most that long, and returns false if there was no room.
  template <class Rep, class Period>
  bool push_for(const T& value, std::chrono::duration<Rep, Period> time) const {
    return push_within(value, patience(time), "queue::push_for");
  }

  /// `co_await q.async_push(value)`, an `asio::awaitable<void>` (include coroutine.hpp): as `push`, without blocking. The value is encoded at once, and pushed
  /// when it is awaited. Can be cancelled as Asio operations are: then it throws
  /// `boost::system::system_error` (`operation_aborted`), and the value has not been pushed.
  auto async_push(const T& value) const {
    return detail::coroutines_of<queue>().push(port(), encoded(value));
  }

  // -- consuming ----------------------------------------------------------------------------------

  /// Waits for a value and takes it; nothing if the queue is closed and empty. Throws `decode_error` if the
  /// bytes are not the encoding of a `T`.
  std::optional<T> pop() const { return pop_within(detail::queue_port::for_ever, "queue::pop"); }

  /// Takes a value if there is one. Throws as `pop`. Takes a message to the event loop and back.
  std::optional<T> try_pop() const {
    return pop_within(std::chrono::nanoseconds::zero(), "queue::try_pop");
  }

  /// As `pop`, but waits for at most that long, and returns nothing if no value came.
  template <class Rep, class Period>
  std::optional<T> pop_for(std::chrono::duration<Rep, Period> time) const {
    return pop_within(patience(time), "queue::pop_for");
  }

  /// `while (auto value = co_await q.async_pop())`: as `pop`, without blocking. Can be cancelled as Asio
  /// operations are: then it throws as `async_push`, and no value has been taken.
  detail::awaitable<std::optional<T>> async_pop() const {
    return detail::coroutines_of<queue>().pop(port());
  }

  // -- its end ------------------------------------------------------------------------------------

  /// Makes the queue take no more values; those that are in it can still be popped. Whoever waits to push or
  /// to pop stops waiting. May be called again. Does not wait.
  void close() const { port()->close(); }

  /// Whether both name the same queue.
  friend bool operator==(const queue& a, const queue& b) noexcept {
    return a.number() == b.number();
  }

  friend void inspect(detail::encode_inspector& out, queue& handle) {
    if (!handle.valid())
      throw encode_error("a troupe::queue that was default-constructed names no queue");
    out(handle.number());
  }
  friend void inspect(detail::decode_inspector& in, queue& handle) {
    std::uint64_t id = 0;
    in(id);
    handle.port_ = detail::find_queue(id);
  }

private:
  friend detail::coroutine_part<queue>;

  const detail::queue_ref& port() const {
    if (!port_)
      throw std::logic_error("a troupe::queue that was default-constructed names no queue");
    return port_;
  }
  std::uint64_t number() const noexcept { return port_ ? port_->id() : 0; }

  template <class Rep, class Period>
  static std::chrono::nanoseconds patience(std::chrono::duration<Rep, Period> time);
  static detail::bytes encoded(const T& value);
  // False if it took too long.
  static bool was_pushed(const detail::promise& operation);
  static std::optional<T> popped(const detail::promise& operation);

  bool push_within(const T& value, std::chrono::nanoseconds time, const char* what) const;
  std::optional<T> pop_within(std::chrono::nanoseconds time, const char* what) const;

  detail::queue_ref port_;
};

} // namespace troupe

#pragma GCC visibility pop

#include <troupe/detail/queue_impl.hpp>
#include <troupe/detail/std_parts.hpp>
