#pragma once

#include <troupe/actor_options.hpp>

namespace troupe::policy {

/// Whether an actor that ended gets a successor. `failed`: it did not end because it was done, or because
/// somebody wanted it to. Pure.
inline bool needs_successor(restart_policy policy, bool failed) noexcept {
  return policy == restart_policy::permanent || (policy == restart_policy::transient && failed);
}

} // namespace troupe::policy
