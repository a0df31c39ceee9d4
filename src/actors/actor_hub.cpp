#include "actors/actor_hub.hpp"

#include "actors/remote_proxy.hpp"

#include <caf/make_actor.hpp>

#include <utility>

namespace troupe::actors {

actor_hub::actor_hub(caf::actor_system& system, loop::event_loop& loop)
  : system_(system)
  , proxies_(system, *this)
  , context_(system, loop, proxies_) {}

// CAF registers each actor of which a handle is serialized, and keeps it until it ends. Those that nobody
// can reach any more would be waited for by the actor system's destructor.
actor_hub::~actor_hub() {
  proxies_.clear();
  for (caf::actor_id id = 1; id <= system_.latest_actor_id(); ++id)
    system_.registry().erase(id);
}

bool actor_hub::add(const caf::node_id& process, caf::actor bridge) {
  return process && process != system_.node() &&
         bridges_.emplace(process, std::move(bridge)).second;
}

void actor_hub::remove(const caf::node_id& process, const caf::error& reason) {
  bridges_.erase(process);
  for (const auto& proxy : proxies_.get_all(process))
    proxies_.erase(process, proxy->id(), reason);
  proxies_.erase(process);
}

void actor_hub::remove(const caf::node_id& process, caf::actor_id actor, caf::error reason) {
  proxies_.erase(process, actor, std::move(reason));
}

caf::strong_actor_ptr actor_hub::find(const caf::node_id& process, caf::actor_id actor) {
  if (process == system_.node())
    return system_.registry().get(actor);
  return proxies_.get_or_put(process, actor);
}

caf::actor actor_hub::bridge_to(const caf::node_id& process) const {
  const auto found = bridges_.find(process);
  return found != bridges_.end() ? found->second : default_;
}

caf::strong_actor_ptr actor_hub::make_proxy(caf::node_id process, caf::actor_id actor) {
  auto bridge = process && actor != 0 ? bridge_to(process) : nullptr;
  if (!bridge)
    return nullptr; // a handle that was invalid, or of a process that is gone
  caf::actor_config config;
  auto proxy = caf::make_actor<remote_proxy, caf::strong_actor_ptr>(
    actor, std::move(process), &system_, config, bridge);
  caf::anon_send(bridge, watch_remote{proxy});
  return proxy;
}

} // namespace troupe::actors
