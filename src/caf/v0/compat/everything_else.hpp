#pragma once

#include "caf/caf_compat.hpp"

#include <utility>

namespace troupe::compat {

/// Has `take` called with the content of each message for which `self` has no handler. It is not answered.
template <class Take>
void take_everything_else(caf::scheduled_actor& self, Take take) {
  self.set_default_handler([take = std::move(take)](caf::scheduled_actor*,
                             caf::message_view& view) -> caf::result<caf::message> {
    take(view.move_content_to_message());
    return caf::message{};
  });
}

} // namespace troupe::compat
