#include "child/warm_up.hpp"

#include "core/caf_compat.hpp"
#include "link/image.hpp"
#include "loop/event_loop.hpp"

#include <execinfo.h>

namespace troupe::child {

void warm_up() {
  core::caf_config config{1};
  caf::actor_system system(config);
  loop::event_loop loop(system);
  loop.io().poll();
  static_cast<void>(link::program_build_id());
  void* frame[1];
  ::backtrace(frame, 1); // loads the unwinder
}

} // namespace troupe::child
