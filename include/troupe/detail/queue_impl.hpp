#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/queue.hpp>

#pragma GCC visibility push(default)

// The bodies of queue.hpp, which includes this.
namespace troupe {

template <class T>
template <class Rep, class Period>
std::chrono::nanoseconds queue<T>::patience(std::chrono::duration<Rep, Period> time) {
  using std::chrono::duration;
  // In floating point, where hours::max() does not overflow.
  if (duration<double>(time) >= duration<double>(detail::queue_port::for_ever))
    return detail::queue_port::for_ever;
  return std::chrono::ceil<std::chrono::nanoseconds>(time);
}

template <class T>
detail::bytes queue<T>::encoded(const T& value) {
  detail::bytes item;
  encoder{item}(value);
  return item;
}

template <class T>
bool queue<T>::was_pushed(const detail::promise& operation) {
  const auto status = detail::result_of_operation(operation).first;
  if (status == detail::queue_status::closed)
    throw queue_closed("the queue is closed");
  return status == detail::queue_status::done;
}

template <class T>
std::optional<T> queue<T>::popped(const detail::promise& operation) {
  const auto [status, item] = detail::result_of_operation(operation);
  if (status != detail::queue_status::done)
    return std::nullopt;
  decoder in(item);
  std::optional<T> value(in.make<T>());
  in.finish();
  return value;
}

template <class T>
bool queue<T>::push_within(const T& value, std::chrono::nanoseconds time, const char* what) const {
  port()->check_may_wait(what); // before anything is under way
  const detail::promise_ptr operation(new detail::promise);
  port_->push(operation, encoded(value), time);
  port_->wait(*operation);
  return was_pushed(*operation);
}

template <class T>
std::optional<T> queue<T>::pop_within(std::chrono::nanoseconds time, const char* what) const {
  port()->check_may_wait(what);
  const detail::promise_ptr operation(new detail::promise);
  port_->pop(operation, time);
  port_->wait(*operation);
  return popped(*operation);
}

} // namespace troupe

#pragma GCC visibility pop
