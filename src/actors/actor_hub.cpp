#include "actors/actor_hub.hpp"

#include "actors/remote_proxy.hpp"
#include "link/frame.hpp"

#include <caf/make_actor.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace troupe::actors {

actor_hub::actor_hub(caf::actor_system& system, loop::event_loop& loop)
  : system_(system)
  , proxies_(system, *this)
  , codec_(system, loop, proxies_) {}

// CAF registers each actor of which a handle is serialized, and keeps it until it ends. Those that nobody
// can reach any more would be waited for by the actor system's destructor.
actor_hub::~actor_hub() {
  proxies_.clear();
  for (caf::actor_id id = 1; id <= system_.latest_actor_id(); ++id)
    system_.registry().erase(id);
}

bool actor_hub::add(const caf::node_id& process, caf::actor bridge) {
  if (!process || process == system_.node() || processes_[process].bridge)
    return false;
  processes_[process].bridge = std::move(bridge);
  return true;
}

void actor_hub::remove(const caf::node_id& process, const caf::error& reason) {
  forget_unknown();
  for (const auto& proxy : proxies_.get_all(process))
    proxies_.erase(process, proxy->id(), reason);
  proxies_.erase(process);
  processes_.erase(process);
}

void actor_hub::remove(const caf::node_id& process, caf::actor_id actor, caf::error reason) {
  forget_unknown();
  if (const auto known = processes_.find(process);
      known != processes_.end() && proxies_.get(process, actor)) {
    proxies_.erase(process, actor, std::move(reason));
    --known->second.proxies;
  }
}

caf::strong_actor_ptr actor_hub::find(const caf::node_id& process, caf::actor_id actor) {
  if (process == system_.node())
    return system_.registry().get(actor);
  return proxies_.get_or_put(process, actor);
}

caf::actor actor_hub::bridge_to(const caf::node_id& process) const {
  const auto found = processes_.find(process);
  return found != processes_.end() && found->second.bridge ? found->second.bridge : default_;
}

std::size_t actor_hub::known_actors(const caf::node_id& process) const {
  const auto found = processes_.find(process);
  return found != processes_.end() ? found->second.proxies : 0;
}

// -- proxies --------------------------------------------------------------------------------------------

caf::strong_actor_ptr actor_hub::make_proxy(caf::node_id process, caf::actor_id actor) {
  auto bridge = process && actor != 0 ? bridge_to(process) : nullptr;
  if (!bridge) { // a handle that was invalid, or of a process that is gone
    unknown_.emplace_back(std::move(process), actor);
    return nullptr;
  }
  auto& entry = processes_[process];
  if (entry.bridge && entry.proxies >= limits::max_remote_actors) {
    unknown_.emplace_back(std::move(process), actor);
    throw link::protocol_violation(
      "more than " + std::to_string(limits::max_remote_actors) + " actors of one child are named");
  }
  if (++entry.proxies == entry.sweep_at)
    to_sweep_.push_back(process);
  caf::actor_config config;
  auto proxy = caf::make_actor<remote_proxy, caf::strong_actor_ptr>(
    actor, std::move(process), &system_, config, bridge);
  caf::anon_send(bridge, watch_remote{proxy});
  return proxy;
}

void actor_hub::tidy() {
  forget_unknown();
  for (const auto& process : std::exchange(to_sweep_, {}))
    if (const auto found = processes_.find(process); found != processes_.end())
      sweep(process, found->second);
}

void actor_hub::sweep(const caf::node_id& process, process_entry& entry) {
  for (auto& proxy : proxies_.get_all(process)) {
    if (!remote_proxy::is_forgotten(proxy))
      continue;
    proxies_.erase(process, proxy->id());
    --entry.proxies;
  }
  entry.sweep_at = std::max(limits::min_proxy_sweep, 2 * entry.proxies);
  if (entry.bridge) // the last look is before the limit
    entry.sweep_at =
      std::min(entry.sweep_at, std::max(entry.proxies + 1, limits::max_remote_actors));
}

void actor_hub::forget_unknown() {
  for (const auto& [process, actor] : std::exchange(unknown_, {}))
    if (!proxies_.get(process, actor))
      proxies_.erase(process, actor);
}

} // namespace troupe::actors
