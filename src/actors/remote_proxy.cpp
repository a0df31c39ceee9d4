#include "actors/remote_proxy.hpp"

#include <caf/message.hpp>

#include <cstddef>
#include <mutex>
#include <utility>

namespace troupe::actors {

remote_proxy::remote_proxy(caf::actor_config& config, caf::actor bridge)
  : compat::proxy(config)
  , bridge_(std::move(bridge)) {}

void remote_proxy::pass_on(compat::letter&& message) {
  compat::letter wrapped;
  // A request stays one, so that CAF answers it should the bridge be gone.
  if (message.id.is_request()) {
    wrapped.from = message.from;
    wrapped.id = message.id;
  } else {
    wrapped.id = caf::make_message_id();
  }
  wrapped.content = caf::make_message(outbound{ctrl(), std::move(message)});
  compat::deliver(std::move(wrapped), *caf::actor_cast<caf::abstract_actor*>(bridge_), nullptr);
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

} // namespace troupe::actors
