#include "parent/pool/pool_registry.hpp"

#include "base/surely.hpp"
#include "parent/pool/pool_actor.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

namespace troupe::parent {

void pool_registry::check_open() const {
  const std::lock_guard lock(mutex_);
  if (ending_)
    throw std::logic_error("cannot start a pool: the runtime is ending, so start it earlier");
}

void pool_registry::add(const std::shared_ptr<pool_control>& pool) {
  const auto& actor = pool->scheduling_actor();
  // First: one that is among the living, and whose end is not told, would be waited for without end.
  actor->attach_functor([this, id = actor.id()] { remove(id); });
  const std::lock_guard lock(mutex_);
  living_.emplace(actor.id(), entry{pool, actor, pool->state()});
}

void pool_registry::remove(caf::actor_id actor) {
  entry removed; // released after the lock
  const std::lock_guard lock(mutex_);
  const auto found = living_.find(actor);
  if (found == living_.end())
    return;
  removed = std::move(found->second);
  living_.erase(found);
  removed.state->submitted.close();
  changed_.notify_all();
}

std::vector<std::shared_ptr<pool_control>> pool_registry::handles() const {
  std::vector<std::shared_ptr<pool_control>> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, one] : living_)
    if (auto handle = one.handle.lock())
      all.push_back(std::move(handle));
  return all;
}

void pool_registry::end_all() {
  std::vector<entry> all;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const auto& [id, one] : living_)
      all.push_back(one);
  }
  for (const auto& one : all)
    if (const auto handle = one.handle.lock())
      handle->terminate();
    else
      base::surely([&] { caf::anon_send(one.actor, terminate_pool{}); });
  for (auto& one : all) {
    one.state->wait_stopped_until(std::chrono::steady_clock::time_point::max());
    // A handle may live on, but is of no use any more.
    base::surely([&] { caf::anon_send(one.actor, abandon_pool{}); });
  }
  all.clear();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return living_.empty(); });
}

} // namespace troupe::parent
