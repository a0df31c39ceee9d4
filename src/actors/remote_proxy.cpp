#include "actors/remote_proxy.hpp"

#include <cstddef>
#include <mutex>
#include <utility>

namespace troupe::actors {

remote_proxy::remote_proxy(caf::actor_config& config, caf::actor bridge)
  : caf::actor_proxy(config)
  , bridge_(std::move(bridge)) {}

void remote_proxy::enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) {
  if (getf(is_terminated_flag)) {
    bounce(message);
    return;
  }
  auto from = message->sender;
  const auto id = message->mid;
  outbound out{ctrl(), from, id, message->stages, message->move_content_to_message()};
  auto* bridge = caf::actor_cast<caf::abstract_actor*>(bridge_);
  // A request stays one, so that CAF answers it should the bridge be gone.
  if (id.is_request())
    bridge->enqueue(std::move(from), id, caf::make_message(std::move(out)), nullptr);
  else
    bridge->enqueue(nullptr, caf::make_message_id(), caf::make_message(std::move(out)), nullptr);
}

bool remote_proxy::is_forgotten(const caf::strong_actor_ptr& proxy) {
  constexpr std::size_t registry_and_caller = 2;
  constexpr std::size_t all_strong_ones = 1; // count as one weak reference
  if (proxy->strong_refs.load() != registry_and_caller ||
      proxy->weak_refs.load() != all_strong_ones)
    return false;
  const auto& self = static_cast<remote_proxy&>(*proxy->get());
  const std::lock_guard lock(self.mtx_);
  return self.attachables_head_ == nullptr;
}

void remote_proxy::kill_proxy(caf::execution_unit* context, caf::error reason) {
  cleanup(std::move(reason), context);
}

} // namespace troupe::actors
