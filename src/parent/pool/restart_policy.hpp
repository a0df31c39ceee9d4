#pragma once

#include <troupe/actor_options.hpp>

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>

namespace troupe::parent {

/// Whether an actor that ended for that reason gets a successor. Pure.
inline bool needs_successor(restart_policy policy, const caf::error& reason) {
  switch (policy) {
  case restart_policy::temporary:
    return false;
  case restart_policy::transient:
    return reason && reason != caf::exit_reason::user_shutdown;
  case restart_policy::permanent:
    return true;
  }
  return false;
}

} // namespace troupe::parent
