#pragma once

#include "actors/actor_hub.hpp"
#include "caf/letter.hpp"
#include "loop/loop_actor.hpp"
#include "policy/restart_intensity.hpp"

#include <troupe/actor.hpp>
#include <troupe/actor_options.hpp>
#include <troupe/detail/hosted_actor.hpp>
#include <troupe/pool_options.hpp>

#include <deque>

namespace troupe::parent {

/// Time to start the actor again.
struct start_hosted {};

} // namespace troupe::parent

TROUPE_LOCAL_MESSAGE(troupe::parent::start_hosted)

namespace troupe::parent {

/// The handle, in the parent, of an actor that lives in a child. It starts the actor there by a request to
/// the pool, passes on what it is sent, and starts a successor by the restart policy. What comes while
/// there is no actor waits for the next. It ends with the actor, or with the pool; until then it keeps
/// itself alive.
class hosted_actor final : public loop::loop_actor {
public:
  struct plan {
    caf::actor pool; ///< where to ask for a start
    typed_call<detail::hosted_id> start;
    actor_options options;
    restart_options restart;
  };

  hosted_actor(
    caf::actor_config& config, loop::event_loop& loop, actors::actor_hub& hub, plan with);
  ~hosted_actor() override;

  caf::behavior handlers() override;
  void started() override;
  void on_exit() override;

private:
  void start();
  void started(const detail::hosted_id& id);
  void pass_on(compat::letter&& message);
  void pass_on_current(caf::message content);
  void ended(const caf::error& reason);
  void count_in_child(int by);
  void end(caf::error reason);

  actors::actor_hub& hub_;
  plan plan_;
  policy::restart_intensity intensity_;
  caf::strong_actor_ptr self_;
  caf::actor actor_;  // the proxy of the present one
  caf::node_id node_; // its process
  std::deque<compat::letter> waiting_;
  caf::error reason_; // of the end
};

} // namespace troupe::parent
