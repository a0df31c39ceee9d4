#include "child/warm_up.hpp"

#include "child/late_scheduler.hpp"
#include "link/image.hpp"
#include "loop/event_loop.hpp"

#include <execinfo.h>

namespace troupe::child {

void warm_up() {
  child_caf_config config;
  caf::actor_system system(config);
  loop::event_loop loop(system);
  loop.io().poll();
  static_cast<void>(link::program_build_id());
  void* frame[1];
  ::backtrace(frame, 1); // loads the unwinder
}

} // namespace troupe::child
