#include "parent/serve/exports.hpp"

#include "base/surely.hpp"
#include "parent/serve/queue_actor.hpp"

#include <atomic>
#include <utility>

namespace troupe::parent {

namespace {
std::atomic<exports*> of_this_process = nullptr;
}

exports::exports() {
  of_this_process = this;
}

exports::~exports() {
  of_this_process = nullptr;
}

exports* exports::current() noexcept {
  return of_this_process;
}

void exports::add_pool(std::uint64_t id, std::weak_ptr<pool_control> pool) {
  const std::lock_guard lock(mutex_);
  pools_.emplace(id, std::move(pool));
}

void exports::add_queue(std::uint64_t id, std::weak_ptr<queue_control> queue, caf::actor actor) {
  const std::lock_guard lock(mutex_);
  queues_.emplace(id, queue_entry{std::move(queue), std::move(actor)});
}

void exports::remove(std::uint64_t id) {
  caf::actor released; // its destructor runs after the lock
  const std::lock_guard lock(mutex_);
  pools_.erase(id);
  if (const auto found = queues_.find(id); found != queues_.end()) {
    released = std::move(found->second.actor);
    queues_.erase(found);
  }
}

std::shared_ptr<pool_control> exports::find_pool(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = pools_.find(id);
  return found == pools_.end() ? nullptr : found->second.lock();
}

std::shared_ptr<queue_control> exports::find_queue(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = queues_.find(id);
  return found == queues_.end() ? nullptr : found->second.handle.lock();
}

caf::actor exports::find_queue_actor(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = queues_.find(id);
  return found == queues_.end() ? caf::actor{} : found->second.actor;
}

void exports::close_queues() {
  ended_->store(true, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : queues_)
    base::surely([&to = entry.actor] { caf::anon_send(to, queue_close{}); });
}

void exports::end_queues() {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : queues_)
    base::surely([&to = entry.actor] { caf::anon_send_exit(to, caf::exit_reason::user_shutdown); });
}

} // namespace troupe::parent
