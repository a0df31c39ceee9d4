#pragma once

#include <troupe/detail/promise.hpp>
#include <troupe/errors.hpp>

#include <exception>
#include <utility>

namespace troupe::parent {

/// One who waits until the children of a pool are ready. Nobody waits for ever: whoever drops this, as a message to
/// an actor that has ended is dropped, tells that the pool is closed.
class ready_waiter {
public:
  explicit ready_waiter(detail::promise_ptr waiting)
    : waiting_(std::move(waiting)) {}
  ready_waiter(const ready_waiter&) = delete;
  ready_waiter& operator=(const ready_waiter&) = delete;
  ~ready_waiter() {
    if (waiting_)
      fail(
        std::make_exception_ptr(pool_closed("the pool has ended before its children were ready")));
  }

  void done() { std::exchange(waiting_, nullptr)->resolve(detail::outcome::nothing()); }
  void fail(const std::exception_ptr& reason) {
    std::exchange(waiting_, nullptr)->resolve(detail::outcome::failure(reason));
  }

private:
  detail::promise_ptr waiting_;
};

} // namespace troupe::parent
