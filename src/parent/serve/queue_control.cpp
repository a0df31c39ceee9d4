#include "parent/serve/queue_control.hpp"

#include "base/forked_copy.hpp"
#include "base/limits.hpp"
#include "base/surely.hpp"
#include "caf/actor_thread.hpp"
#include "parent/serve/queue_actor.hpp"

#include <stdexcept>
#include <string>

namespace troupe::parent {

std::shared_ptr<queue_control> queue_control::start(const services& with, std::size_t capacity) {
  if (capacity < 1 || capacity > limits::max_queue_capacity)
    throw std::invalid_argument("the capacity of a queue is " + std::to_string(capacity) +
                                ", but must be 1 to " + std::to_string(limits::max_queue_capacity));
  std::shared_ptr<queue_control> started(new queue_control(with, capacity));
  with.exported.add_queue(started->id_, started, started->actor_);
  if (loop::event_loop::current() == nullptr)
    compat::leave_actor_system();
  return started;
}

// Hidden: the actor system does not wait for it, since a queue that nobody drains never ends.
queue_control::queue_control(const services& with, std::size_t capacity)
  : id_(with.exported.new_id())
  , ended_(with.exported.ended())
  , actor_(with.system.spawn<queue_actor, caf::hidden>(with.loop, with.exported, id_, capacity)) {}

queue_control::~queue_control() {
  if (!base::is_forked_copy())
    base::surely([this] { caf::anon_send(actor_, queue_abandon{}); });
}

void queue_control::push(
  const detail::promise_ptr& operation, detail::bytes&& item, std::chrono::nanoseconds patience) {
  if (!answer_if_ended(*operation))
    caf::anon_send(actor_, queue_push{operation, std::move(item), patience});
}

void queue_control::pop(const detail::promise_ptr& operation, std::chrono::nanoseconds patience) {
  if (!answer_if_ended(*operation))
    caf::anon_send(actor_, queue_pop{operation, patience});
}

bool queue_control::answer_if_ended(detail::promise& operation) const {
  base::check_not_forked_copy("troupe::queue");
  if (!ended_->load(std::memory_order_acquire))
    return false;
  constexpr auto closed = detail::queue_status::closed;
  detail::outcome result;
  result.what = detail::outcome::kind::value;
  result.payload.append(&closed, sizeof closed);
  operation.resolve(std::move(result));
  return true;
}

void queue_control::close() {
  base::check_not_forked_copy("queue::close");
  base::surely([this] { caf::anon_send(actor_, queue_close{}); });
}

void queue_control::withdraw(const detail::promise_ptr& operation) {
  base::surely([&] { caf::anon_send(actor_, queue_withdraw{operation}); });
}

void queue_control::check_may_wait(const char* what) const {
  detail::check_may_block(what);
}

void queue_control::wait(detail::promise& operation) {
  operation.wait();
}

} // namespace troupe::parent
