#pragma once

#include "caf/caf_compat.hpp"

#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace troupe::compat {

/// What actors run on that do not run on CAF's scheduler.
class executor : public caf::execution_unit {
public:
  explicit executor(caf::actor_system& system)
    : caf::execution_unit(&system) {}

  /// It runs nothing any more, soon.
  virtual void stop() = 0;

protected:
  /// For an actor that does run on CAF's scheduler.
  void hand_to_scheduler(caf::resumable* job) { system().scheduler().enqueue(job); }
};

} // namespace troupe::compat
