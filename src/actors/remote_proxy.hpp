#pragma once

#include "compat/proxy.hpp"

namespace troupe::actors {

/// A message for an actor of another process, on its way to the bridge.
struct outbound {
  caf::strong_actor_ptr to; ///< its proxy
  compat::letter message;
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
class remote_proxy final : public compat::proxy {
public:
  remote_proxy(caf::actor_config& config, caf::actor bridge);

  /// Whether only CAF's registry, and the caller, refer to a proxy: no handle, no address, no monitor, no
  /// link.
  static bool is_forgotten(const caf::strong_actor_ptr& proxy);

private:
  void pass_on(compat::letter&& message) override;

  const caf::actor bridge_;
};

} // namespace troupe::actors
