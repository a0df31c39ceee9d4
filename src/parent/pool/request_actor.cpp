#include "parent/pool/request_actor.hpp"

#include "caf/task_error.hpp"

#include <troupe/detail/pool_access.hpp>
#include <troupe/errors.hpp>

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace troupe::parent {

// A request from its submission to its answer. The task owns it.
class request_actor::pending_request final
  : public detail::promise_watcher,
    public boost::intrusive::list_base_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
  pending_request(detail::task_ptr task, caf::response_promise promise,
    decltype(detail::actor_call::make_reply) make_reply)
    : task_(std::move(task))
    , promise_(std::move(promise))
    , make_reply_(make_reply) {}

  const detail::task_ptr& task() const noexcept { return task_; }

  // Cancels the task when the time is over.
  void limit(boost::asio::io_context& io, const std::weak_ptr<pool_control>& pool,
    std::chrono::nanoseconds time) {
    timer_.emplace(io, time);
    timer_->async_wait([task = task_, pool, this](const boost::system::error_code& error) {
      if (error || task->done()) // `this` is gone with the outcome
        return;
      timed_out_ = true;
      if (const auto control = pool.lock())
        control->cancel(task, true);
    });
  }

  void resolved(detail::promise& task) noexcept override {
    unlink();
    timer_.reset();
    try {
      auto reply = reply_to(task);
      if (reply)
        deliver(std::move(*reply));
      else
        promise_.deliver(std::move(reply.error()));
    } catch (...) {
      // There is no memory for a message, so there is none for an error either.
    }
    task_.reset();
  }

private:
  caf::expected<caf::message> reply_to(const detail::promise& task) noexcept {
    try {
      if (task.result().what == detail::outcome::kind::value)
        return make_reply_(detail::view(task.result().payload));
      if (timed_out_ && task.result().what == detail::outcome::kind::failed)
        throw task_timeout("the time of the request has passed");
      return compat::error_of(task.error());
    } catch (...) {
      return compat::error_of(std::current_exception());
    }
  }

  void deliver(caf::message&& reply) {
    if (reply.empty())
      promise_.deliver(caf::unit); // who has not asked is not told that nothing was returned
    else
      promise_.deliver(std::move(reply));
  }

  detail::task_ptr task_;
  caf::response_promise promise_;
  decltype(detail::actor_call::make_reply) make_reply_;
  std::optional<boost::asio::steady_timer> timer_;
  bool timed_out_ = false;
};

request_actor::request_actor(caf::actor_config& config, loop::event_loop& loop)
  : loop_actor(config, loop) {}

request_actor::~request_actor() = default;

caf::behavior request_actor::handlers() {
  // Whatever is thrown beside a submission ends this actor with that error, of which its monitors are told.
  set_exception_handler([](std::exception_ptr& problem) { return compat::error_of(problem); });
  set_down_handler([this](const caf::down_msg& down) { requester_down(down.source); });
  set_exit_handler([this](const caf::exit_msg& exit) {
    if (const auto control = pool_.lock(); control && exit.reason)
      control->terminate();
  });
  return {
    [this](detail::actor_call& call) { submit(call, nullptr, std::nullopt); },
    [this](
      task_options& options, detail::actor_call& call) { submit(call, &options, std::nullopt); },
    [this](const detail::request_limit& limit, task_options& options, detail::actor_call& call) {
      submit(call, &options, limit.time);
    },
    [this](serve_pool& message) { pool_ = std::move(message.pool); },
    [this](pool_ended& message) { quit(*message.reason); },
  };
}

void request_actor::submit(
  detail::actor_call& call, task_options* options, std::optional<std::chrono::nanoseconds> limit) {
  auto promise = make_response_promise();
  try {
    submit(promise, call, options, limit);
  } catch (...) { // no memory: this request fails, and nothing else
    promise.deliver(compat::error_of(std::current_exception()));
  }
}

void request_actor::submit(const caf::response_promise& promise, detail::actor_call& call,
  task_options* options, std::optional<std::chrono::nanoseconds> limit) {
  detail::task_ptr task(new detail::task_state(call.call.code(), call.call.arguments()));
  const auto& source = promise.source();
  const auto request = std::make_shared<pending_request>(task, promise, call.make_reply);
  if (source)
    requests_of(source).push_back(*request);
  if (limit)
    request->limit(loop().io(), pool_, *limit);
  task->watch(request);
  try {
    const auto control = pool_.lock();
    if (!control)
      throw pool_closed("pool is closed");
    control->check_open();
    if (options != nullptr)
      task->options = detail::checked_options(std::move(*options));
    control->submit(task);
  } catch (...) {
    task->resolve(detail::outcome::failure(std::current_exception()));
  }
}

request_actor::pending_list& request_actor::requests_of(const caf::strong_actor_ptr& source) {
  auto& requests = requesters_[caf::actor_cast<caf::actor_addr>(source)];
  if (!requests) {
    requests = std::make_unique<pending_list>();
    monitor(source);
  }
  return *requests;
}

void request_actor::requester_down(const caf::actor_addr& gone) {
  const auto found = requesters_.find(gone);
  if (found == requesters_.end())
    return;
  const auto requests = std::move(found->second);
  requesters_.erase(found);
  if (const auto control = pool_.lock())
    for (const auto& request : *requests)
      control->cancel(request.task(), true);
}

} // namespace troupe::parent
