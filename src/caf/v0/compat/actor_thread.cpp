#include "caf/actor_thread.hpp"

#include <caf/logger.hpp>

namespace troupe::compat {

void leave_actor_system() {
  caf::logger::set_current_actor_system(nullptr);
}

} // namespace troupe::compat
