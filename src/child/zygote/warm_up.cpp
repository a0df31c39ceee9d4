#include "child/zygote/warm_up.hpp"

#include "caf/late_actor_system.hpp"
#include "child/runtime/frame_list.hpp"
#include "loop/event_loop.hpp"
#include "os/image.hpp"

namespace troupe::child {

void warm_up() {
  loop::event_loop loop(compat::late_actor_system());
  loop.io().poll();
  static_cast<void>(os::image_build_id());
  load_unwinder();
}

} // namespace troupe::child
