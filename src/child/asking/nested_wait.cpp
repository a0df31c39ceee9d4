#include "child/asking/nested_wait.hpp"

#include "base/limits.hpp"
#include "link/request.hpp"

#include <troupe/errors.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

#include <pthread.h>

namespace troupe::child {

namespace {

using clock = std::chrono::steady_clock;

struct stack_bounds {
  std::uintptr_t lowest = 0;
  std::size_t size = 0;

  stack_bounds() {
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0)
      return;
    void* address = nullptr;
    ::pthread_attr_getstack(&attributes, &address, &size);
    lowest = reinterpret_cast<std::uintptr_t>(address);
    ::pthread_attr_destroy(&attributes);
  }
};

// What is run on top of a function that waits must find a stack that is worth the name.
void check_stack() {
  static const stack_bounds bounds; // of the loop's thread
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (bounds.size != 0 && here - bounds.lowest < bounds.size / 4)
    throw error("so many plain functions wait for their pool on top of each other that less than a "
                "quarter of the stack is left: end the recursion earlier, make the functions "
                "coroutines, or raise the limit of the stack (ulimit -s)");
}

} // namespace

std::uint32_t nested_wait::calling_cell() const {
  if (worker_ == nullptr)
    return link::no_cell;
  const auto place = worker_->calling_task();
  return place ? place->cell : link::no_cell;
}

void nested_wait::check_may_wait(const char* what) const {
  if (loop::event_loop::current() == nullptr || allowed_ ||
      (worker_ != nullptr && worker_->runs_plain_function()))
    return;
  throw std::logic_error(
    std::string(what) + " in a coroutine would hold up all tasks of its child: use co_await there");
}

bool nested_wait::until_done(detail::promise& answer, time_point deadline, bool lends) {
  if (answer.done())
    return true;
  if (loop::event_loop::current() == nullptr)
    return on_thread(answer, deadline, lends);
  const auto place = lends && worker_ != nullptr ? worker_->calling_task() : std::nullopt;
  return place ? on_loop(answer, deadline, *place) : on_link(answer, deadline);
}

bool nested_wait::on_thread(detail::promise& answer, time_point deadline, bool lends) {
  const auto place = lends && worker_ != nullptr ? worker_->calling_task() : std::nullopt;
  if (place) {
    worker_->reserve_lend_of_thread();
    requests_.post([this, place] { worker_->lend_reserved(*place); });
  }
  bool done = true;
  if (deadline == time_point::max())
    answer.wait();
  else
    done = answer.wait_until(deadline);
  if (place)
    requests_.post([this, place] { worker_->reclaim(*place); });
  return done;
}

bool nested_wait::on_link(detail::promise& answer, time_point deadline) {
  while (!answer.done() && clock::now() < deadline) {
    const bool called = requests_.run_posted();
    if (!link_.exchange() && !called)
      link_.sleep_until(deadline);
  }
  return answer.done();
}

bool nested_wait::on_loop(detail::promise& answer, time_point deadline, const task_place& place) {
  check_stack();
  const worker_actor::lent_function lent(*worker_, place);
  boost::asio::steady_timer alarm(loop_.io());
  if (deadline != time_point::max()) {
    alarm.expires_at(deadline);
    alarm.async_wait([](const boost::system::error_code&) {}); // wakes the loop
  }
  // What a handler of other code lets escape ends the child, as it does without a function in between.
  [&]() noexcept {
    loop_.run_while(
      [&] { return !answer.done() && (deadline == time_point::max() || clock::now() < deadline); });
  }();
  return answer.done();
}

std::shared_ptr<void> nested_wait::lend() {
  if (worker_ == nullptr)
    return nullptr;
  const auto place = worker_->calling_task();
  if (!place)
    return nullptr;
  worker_->lend(*place);
  return {nullptr, [this, place = *place](void*) { worker_->reclaim(place); }};
}

} // namespace troupe::child
