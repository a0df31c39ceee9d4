#include "child/warm_up.hpp"

#include "child/crash_report.hpp"
#include "child/late_scheduler.hpp"
#include "link/image.hpp"
#include "loop/event_loop.hpp"

namespace troupe::child {

void warm_up() {
  loop::event_loop loop(child_actor_system());
  loop.io().poll();
  static_cast<void>(link::program_build_id());
  load_unwinder();
}

} // namespace troupe::child
