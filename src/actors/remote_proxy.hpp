#pragma once

#include "caf/caf_compat.hpp"

#include <caf/actor_proxy.hpp>

#include <vector>

namespace troupe::actors {

/// A message for an actor of another process, on its way to the bridge.
struct outbound {
  caf::strong_actor_ptr to; ///< its proxy
  caf::strong_actor_ptr from;
  caf::message_id id;
  std::vector<caf::strong_actor_ptr> stages; ///< where the response goes first
  caf::message content;
};

/// A proxy has been made: its actor's end shall be told.
struct watch_remote {
  caf::strong_actor_ptr proxy;
};

} // namespace troupe::actors

TROUPE_LOCAL_MESSAGE(troupe::actors::outbound)
TROUPE_LOCAL_MESSAGE(troupe::actors::watch_remote)

namespace troupe::actors {

/// Stands in this process for an actor of another one: what it is sent goes over the bridge. Monitors and
/// links of it are told when that actor has ended, or its process. Thread-safe.
class remote_proxy final : public caf::actor_proxy {
public:
  remote_proxy(caf::actor_config& config, caf::actor bridge);

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* context) override;
  void kill_proxy(caf::execution_unit* context, caf::error reason) override;

  /// Whether only CAF's registry, and the caller, refer to a proxy: no handle, no address, no monitor, no
  /// link.
  static bool is_forgotten(const caf::strong_actor_ptr& proxy);

private:
  const caf::actor bridge_;
};

} // namespace troupe::actors
