#pragma once

#include <troupe/detail/compiler.hpp>
#include <troupe/detail/coroutine_part.hpp>

#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// Asio operation: calls `begin(waiter)` with a new promise, waits until that is resolved, and completes with its
/// result; nothing is asked of the value where `R` is `void`. If it is cancelled, what has begun goes on.
template <class R, class Begin>
class begun_wait {
public:
  explicit begun_wait(Begin begin)
    : begin_(std::move(begin)) {}

  template <completion_token CompletionToken>
  auto operator()(CompletionToken&& token) const {
    return coroutines_of<begun_wait>().start(begin_, std::forward<CompletionToken>(token));
  }

private:
  Begin begin_;
};

template <class R, class Begin>
begun_wait<R, Begin> begin_and_wait(Begin begin) {
  return begun_wait<R, Begin>(std::move(begin));
}

} // namespace troupe::detail

#pragma GCC visibility pop
