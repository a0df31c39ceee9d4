#pragma once

#include "child/asking/requests.hpp"
#include "child/runtime/parent_link.hpp"
#include "child/tasks/worker_actor.hpp"
#include "loop/event_loop.hpp"

#include <troupe/detail/promise.hpp>

#include <chrono>
#include <memory>

namespace troupe::child {

/// How code in a child waits for an answer of the parent.
///
/// - A coroutine does so by Asio's means; here it only lends its place.
/// - A function on a thread sleeps until the loop's thread has the answer.
/// - A function on the loop's thread takes the loop's place: it reads the link itself. If it waits for a
///   pool, and so has lent its place, it runs the whole loop, with other tasks on top of it; else nothing
///   but the link, for a plain function is not interrupted by other tasks.
class nested_wait {
public:
  using time_point = std::chrono::steady_clock::time_point;

  nested_wait(
    loop::event_loop& loop, parent_link& link, requests& asked, worker_actor* const& worker)
    : loop_(loop)
    , link_(link)
    , requests_(asked)
    , worker_(worker) {}
  nested_wait(const nested_wait&) = delete;
  nested_wait& operator=(const nested_wait&) = delete;

  /// The cell of the task that calls this, or `link::no_cell`.
  std::uint32_t calling_cell() const;

  /// Throws `std::logic_error` if the calling code is a coroutine, or a handler on the loop.
  void check_may_wait(const char* what) const;

  /// Waits for the answer, or the deadline; false if that came first. `lends`: other tasks may run meanwhile.
  /// After `check_may_wait`. Throws `troupe::error` if there is not enough stack left to run others.
  bool until_done(detail::promise& answer, time_point deadline, bool lends);

  /// Lends the place of the coroutine that calls this until the returned object is destroyed; null if no
  /// task calls. Throws `troupe::error` if too many have.
  std::shared_ptr<void> lend();

  /// While this lives, code on the loop's thread that is no task may wait: initializers and finalizers.
  class allowance {
  public:
    explicit allowance(nested_wait& to) noexcept
      : to_(to) {
      to_.allowed_ = true;
    }
    allowance(const allowance&) = delete;
    ~allowance() { to_.allowed_ = false; }

  private:
    nested_wait& to_;
  };

private:
  bool on_thread(detail::promise& answer, time_point deadline, bool lends);
  bool on_link(detail::promise& answer, time_point deadline);
  bool on_loop(detail::promise& answer, time_point deadline, const task_place& place);

  loop::event_loop& loop_;
  parent_link& link_;
  requests& requests_;
  worker_actor* const& worker_; // null until the child is ready
  bool allowed_ = false;
};

} // namespace troupe::child
