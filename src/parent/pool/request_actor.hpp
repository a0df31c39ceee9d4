#pragma once

#include "loop/loop_actor.hpp"
#include "parent/pool/pool_control.hpp"

#include <troupe/actor.hpp>

#include <boost/intrusive/list.hpp>

#include <optional>
#include <unordered_map>

namespace troupe::parent {

/// First of all: the pool that does the work.
struct serve_pool {
  std::weak_ptr<pool_control> pool;
};
/// The pool's last child is gone.
struct pool_ended {
  std::shared_ptr<const caf::error> reason;
};

} // namespace troupe::parent

TROUPE_LOCAL_MESSAGE(troupe::parent::serve_pool)
TROUPE_LOCAL_MESSAGE(troupe::parent::pool_ended)

namespace troupe::parent {

/// A pool as CAF actors see it: it takes tasks as requests, and answers them. It ends when the pool's last
/// child is gone, so a monitor or a link of it tells of the pool's end; the pool actor behind it lives
/// on for as long as somebody has a handle of the pool.
class request_actor final : public loop::loop_actor {
public:
  request_actor(caf::actor_config& config, loop::event_loop& loop);
  ~request_actor() override;

  caf::behavior handlers() override;

private:
  class pending_request;
  using pending_list =
    boost::intrusive::list<pending_request, boost::intrusive::constant_time_size<false>>;

  void submit(
    detail::actor_call& call, task_options* options, std::optional<std::chrono::nanoseconds> limit);
  void submit(const caf::response_promise& promise, detail::actor_call& call, task_options* options,
    std::optional<std::chrono::nanoseconds> limit);
  // The open requests of an actor, which is monitored from its first one on.
  pending_list& requests_of(const caf::strong_actor_ptr& source);
  void requester_down(const caf::actor_addr& gone);

  std::weak_ptr<pool_control> pool_;
  std::unordered_map<caf::actor_addr, std::unique_ptr<pending_list>> requesters_;
};

} // namespace troupe::parent
