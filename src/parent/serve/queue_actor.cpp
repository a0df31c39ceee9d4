#include "parent/serve/queue_actor.hpp"

#include "base/limits.hpp"
#include "values/error_text.hpp"

#include <troupe/codec.hpp>
#include <troupe/errors.hpp>

#include <algorithm>
#include <utility>

namespace troupe::parent {

namespace {

detail::outcome outcome_of(detail::queue_status status, const detail::bytes& item) {
  detail::outcome result;
  result.what = detail::outcome::kind::value;
  result.payload.append(&status, sizeof status);
  result.payload.append(item.data(), item.size());
  result.payload.attach_all(item);
  return result;
}

} // namespace

queue_actor::queue_actor(caf::actor_config& config, loop::event_loop& loop, exports& known,
  std::uint64_t id, std::size_t capacity)
  : loop_actor(config, loop)
  , exports_(known)
  , id_(id)
  , state_(capacity, limits::max_queue_bytes)
  , timer_(loop.io()) {}

caf::behavior queue_actor::handlers() {
  return {
    [this](
      queue_push& message) { push(message.operation, std::move(message.item), message.patience); },
    [this](const queue_pop& message) { pop(message.operation, message.patience); },
    [this](const queue_withdraw& message) { withdraw(message.operation); },
    [this](const queue_close&) { close(); },
    [this](const queue_abandon&) { abandon(); },
  };
}

queue_actor::clock::time_point queue_actor::deadline(
  clock::time_point now, std::chrono::nanoseconds patience) {
  return patience < clock::time_point::max() - now ? now + patience : clock::time_point::max();
}

template <class Change>
void queue_actor::apply(const detail::promise_ptr& operation, Change change) {
  if (failure_) {
    if (operation)
      operation->resolve(detail::outcome::failure(failure_));
    return;
  }
  state::answers answers;
  try {
    change(answers);
    answer(answers);
  } catch (...) {
    fail(operation, answers);
  }
}

void queue_actor::push(
  const detail::promise_ptr& operation, detail::bytes&& item, std::chrono::nanoseconds patience) {
  apply(operation, [&](state::answers& answers) {
    const auto now = clock::now();
    state_.push(operation, std::move(item), now, deadline(now, patience), answers);
  });
}

void queue_actor::pop(const detail::promise_ptr& operation, std::chrono::nanoseconds patience) {
  apply(operation, [&](state::answers& answers) {
    const auto now = clock::now();
    state_.pop(operation, now, deadline(now, patience), answers);
  });
}

void queue_actor::withdraw(const detail::promise_ptr& operation) {
  apply(nullptr, [&](state::answers& answers) { state_.withdraw(operation, answers); });
}

void queue_actor::close() {
  apply(nullptr, [&](state::answers& answers) { state_.close(answers); });
}

void queue_actor::abandon() {
  abandoned_ = true;
  close();
  if (failure_)
    exports_.remove(id_);
}

void queue_actor::answer(state::answers& answers) {
  for (auto& one : answers) {
    detail::outcome result;
    try {
      result = outcome_of(one.what, one.item);
    } catch (...) { // the value is lost, which its consumer is told
      result = detail::outcome::failure(std::current_exception());
    }
    std::exchange(one.to, nullptr)->resolve(std::move(result));
  }
  arm_timer();
  // From now on its number means a queue that is closed and empty.
  if (abandoned_ && state_.size() == 0)
    exports_.remove(id_);
}

void queue_actor::arm_timer() {
  const auto due = state_.next_deadline().value_or(clock::time_point::max());
  if (due == timer_due_)
    return;
  timer_due_ = clock::time_point::max(); // as long as nothing waits
  if (due == clock::time_point::max()) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(due);
  timer_.async_wait(
    [this, alive = caf::strong_actor_ptr(ctrl())](const boost::system::error_code& error) {
      if (!error)
        on_timer();
    });
  timer_due_ = due;
}

void queue_actor::on_timer() {
  timer_due_ = clock::time_point::max();
  apply(nullptr, [&](state::answers& answers) { state_.expire(clock::now(), answers); });
}

void queue_actor::fail(const detail::promise_ptr& operation, state::answers& answers) noexcept {
  failure_ = std::current_exception();
  try {
    failure_ =
      std::make_exception_ptr(error("a queue has failed in the parent, and has lost its values: " +
                                    values::message_of(failure_)));
  } catch (...) {
    // Then the first cause has to do.
  }
  const auto tell = [this](const detail::promise_ptr& waiter) {
    if (waiter && !waiter->done())
      waiter->resolve(detail::outcome::failure(failure_));
  };
  for (const auto& one : answers)
    tell(one.to);
  state_.abandon(tell);
  tell(operation);
  timer_.cancel();
}

} // namespace troupe::parent
