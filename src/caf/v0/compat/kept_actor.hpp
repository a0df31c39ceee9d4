#pragma once

#include "caf/caf_compat.hpp"

namespace troupe::compat {

/// An event-based actor that runs on `Self::executor()`, and whose handles may be used after the end of its actor
/// system.
template <class Self>
class kept_actor : public detail::runs_apart<Self, caf::event_based_actor> {
public:
  using detail::runs_apart<Self, caf::event_based_actor>::runs_apart;
};

} // namespace troupe::compat
