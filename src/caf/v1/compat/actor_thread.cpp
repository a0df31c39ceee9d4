#include "caf/actor_thread.hpp"

#include <caf/logger.hpp>

namespace troupe::compat {

void leave_actor_system() {
  caf::logger::current_logger(nullptr);
}

} // namespace troupe::compat
