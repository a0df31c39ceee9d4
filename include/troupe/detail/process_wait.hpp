#pragma once

#include <troupe/detail/async_wait.hpp>
#include <troupe/detail/compiler.hpp>
#include <troupe/detail/promise.hpp>

#include <boost/asio/async_result.hpp>

#include <memory>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace troupe {

namespace parent {
class process_control;
}

// What templates in public headers need of a process, without its definition.
namespace detail {

using process_ref = std::shared_ptr<parent::process_control>;

/// Starts the process. `waiter` is resolved when its child has been launched, or with the error.
void start_process(const process_ref& process, const promise_ptr& waiter) noexcept;

/// Starts the process if it was not started. `waiter` is resolved as the process's own call is, when its
/// child is gone, or with the error that keeps it from being waited for.
void await_process(const process_ref& process, const promise_ptr& waiter) noexcept;

/// The call of a process that has ended, with its outcome. Throws `std::logic_error` before that.
promise_ptr completed_call(const process_ref& process);

/// The Asio operation that begins something with a process, waits for it, and completes with what the waiter is
/// resolved with. If it is cancelled, the process goes on.
template <class R>
class process_wait {
public:
  using begin_function = void (*)(const process_ref&, const promise_ptr&) noexcept;

  process_wait(process_ref process, begin_function begin)
    : process_(std::move(process))
    , begin_(begin) {}

  template <class CompletionToken>
  requires(!std::is_pointer_v<std::decay_t<CompletionToken>>) // which Asio tries as well
    auto
    operator()(CompletionToken&& token) const {
    return boost::asio::async_initiate<CompletionToken, completion_signature<R>>(
      [process = process_, begin = begin_](auto handler) {
        using handler_type = decltype(handler);
        const promise_ptr waiter(new promise);
        when_resolved(waiter, std::move(handler), [](handler_type&& h, const promise* done) {
          complete_with_result<R>(std::move(h), done);
        });
        begin(process, waiter);
      },
      token);
  }

private:
  process_ref process_;
  begin_function begin_;
};

} // namespace detail
} // namespace troupe

#pragma GCC visibility pop
