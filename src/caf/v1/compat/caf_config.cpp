#include "caf/caf_compat.hpp"

#include <caf/detail/actor_system_access.hpp>

namespace troupe::compat {

namespace {

// Before main, as the types of messages that come after CAF's own.
[[maybe_unused]] const bool core_types_added = (caf::core::init_global_meta_objects(), true);

} // namespace

void give_node_id(caf::actor_system& system) {
  if (system.node() == caf::none)
    caf::detail::actor_system_access(system).node(make_unique_node_id());
}

caf_config::caf_config(
  std::size_t scheduler_threads, const callback<caf::actor_system_config&>& configure) {
  if (configure)
    configure(*this);
  set("caf.scheduler.policy", "sharing");
  set("caf.scheduler.max-threads", scheduler_threads);
}

} // namespace troupe::compat
