#pragma once

#include <troupe/detail/async_wait.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/pool_access.hpp>
#include <troupe/detail/promise.hpp>

#include <boost/asio/async_result.hpp>

#include <exception>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// `waiter` is resolved when each position of the pool has a ready child, or with why that will not be.
void await_ready(const pool_ref& pool, const promise_ptr& waiter);

/// The Asio operation of `pool::ready`.
class ready_wait {
public:
  explicit ready_wait(pool_ref pool)
    : pool_(std::move(pool)) {}

  template <class CompletionToken>
  requires(!std::is_pointer_v<std::decay_t<CompletionToken>>) // which Asio tries as well
    auto
    operator()(CompletionToken&& token) const {
    return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr)>(
      [pool = pool_](auto handler) {
        using handler_type = decltype(handler);
        const promise_ptr waiter(new promise);
        when_resolved(waiter, std::move(handler), [](handler_type&& h, const promise* done) {
          complete_with_result<void>(std::move(h), done);
        });
        await_ready(pool, waiter);
      },
      token);
  }

private:
  pool_ref pool_;
};

} // namespace troupe::detail

#pragma GCC visibility pop
