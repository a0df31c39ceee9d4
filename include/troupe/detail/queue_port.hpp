#pragma once

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/promise.hpp>
#include <troupe/detail/queue_status.hpp>
#include <troupe/detail/std_parts.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#pragma GCC visibility push(default)

// What the templates of queue.hpp need of a queue, which is in the parent, from either side.
namespace troupe {

class runtime;

namespace detail {

/// A queue, as one process reaches it. An operation is a promise that is resolved when it has ended.
/// Thread-safe.
class queue_port {
public:
  static constexpr auto for_ever = std::chrono::nanoseconds::max();

  queue_port() = default;
  queue_port(const queue_port&) = delete;
  queue_port& operator=(const queue_port&) = delete;
  virtual ~queue_port();

  virtual std::uint64_t id() const noexcept = 0;
  /// Pushes an encoded item. Waits for room for at most `patience`.
  virtual void push(
    const promise_ptr& operation, bytes&& item, std::chrono::nanoseconds patience) = 0;
  virtual void pop(const promise_ptr& operation, std::chrono::nanoseconds patience) = 0;
  virtual void close() = 0;
  /// Ends an operation that is still waiting.
  virtual void withdraw(const promise_ptr& operation) = 0;
  /// Throws `std::logic_error` where the calling thread must not block; `what` names the call in it.
  virtual void check_may_wait(const char* what) const = 0;
  /// Blocks until the operation has ended, where that is allowed.
  virtual void wait(promise& operation) = 0;
};

using queue_ref = std::shared_ptr<queue_port>;

queue_ref make_queue(runtime& rt, std::size_t capacity);
/// The queue of a handle that came from another process. Throws `decode_error` if there is none.
queue_ref find_queue(std::uint64_t id);

/// The status of an operation that has ended, and the bytes behind it. Throws what kept it from ending
/// as it should: its failure, or `operation_aborted` if it was withdrawn.
std::pair<queue_status, std::span<const std::byte>> result_of_operation(const promise& operation);

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
