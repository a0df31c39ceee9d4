#pragma once

#include "loop/loop_actor.hpp"
#include "parent/serve/exports.hpp"
#include "policy/bounded_queue.hpp"

#include <troupe/detail/bytes.hpp>
#include <troupe/detail/promise.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <exception>

namespace troupe::parent {

// -- what a queue actor is told -------------------------------------------------------------------------

struct queue_push {
  detail::promise_ptr operation;
  detail::bytes item;
  std::chrono::nanoseconds patience;
};
struct queue_pop {
  detail::promise_ptr operation;
  std::chrono::nanoseconds patience;
};
struct queue_withdraw {
  detail::promise_ptr operation;
};
struct queue_close {};
/// The last handle in the parent is gone.
struct queue_abandon {};

} // namespace troupe::parent

TROUPE_LOCAL_MESSAGE(troupe::parent::queue_push)
TROUPE_LOCAL_MESSAGE(troupe::parent::queue_pop)
TROUPE_LOCAL_MESSAGE(troupe::parent::queue_withdraw)
TROUPE_LOCAL_MESSAGE(troupe::parent::queue_close)
TROUPE_LOCAL_MESSAGE(troupe::parent::queue_abandon)

namespace troupe::parent {

/// The actor that is a `troupe::queue`: a `bounded_queue` of encoded values, with a clock. The parent's
/// threads send it messages; for children it is called on the loop's thread, so that what a child waits
/// for can be withdrawn at the very moment that it is known to be dead. What is thrown in it, such as
/// `std::bad_alloc`, fails the queue: everyone who waits is told, and whoever comes later.
class queue_actor final : public loop::loop_actor {
public:
  queue_actor(caf::actor_config& config, loop::event_loop& loop, exports& known, std::uint64_t id,
    std::size_t capacity);

  caf::behavior handlers() override;

  // On the loop's thread. An operation is resolved when it has ended (detail/queue_port.hpp).
  void push(
    const detail::promise_ptr& operation, detail::bytes&& item, std::chrono::nanoseconds patience);
  void pop(const detail::promise_ptr& operation, std::chrono::nanoseconds patience);
  void withdraw(const detail::promise_ptr& operation);
  void close();

private:
  using clock = std::chrono::steady_clock;
  using state = policy::bounded_queue<detail::promise_ptr, detail::bytes>;

  static clock::time_point deadline(clock::time_point now, std::chrono::nanoseconds patience);
  void abandon();
  // Calls `change(answers)` and answers. `operation`: the one that is asked for now, or null.
  template <class Change>
  void apply(const detail::promise_ptr& operation, Change change);
  void answer(state::answers& answers);
  void fail(const detail::promise_ptr& operation, state::answers& answers) noexcept;
  void arm_timer();
  void on_timer();

  exports& exports_;
  const std::uint64_t id_;
  state state_;
  bool abandoned_ = false;
  std::exception_ptr failure_; // why it has failed, if it has
  boost::asio::steady_timer timer_;
  clock::time_point timer_due_ = clock::time_point::max();
};

} // namespace troupe::parent
