#pragma once

#include "caf/caf_compat.hpp"

#include <utility>

namespace troupe::compat {

/// Has `take` called with the content of each message for which `self` has no handler. It is not answered.
template <class Take>
void take_everything_else(caf::scheduled_actor& self, Take take) {
  self.set_default_handler([take = std::move(take)](caf::scheduled_actor*,
                             caf::message& content) -> caf::skippable_result {
    take(std::move(content));
    return caf::message{};
  });
}

} // namespace troupe::compat
