#pragma once

#include "caf/caf_compat.hpp"

#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <exception>
#include <mutex>

namespace troupe::child {

/// CAF's scheduler, whose three threads are started when there is something for them. Tasks and the
/// worker actor run on the child's loop, so most children never need them, and start faster.
class late_scheduler final : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;
  using super::super;

  /// For `caf::actor_system_config::load`.
  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new late_scheduler(system);
  }

  /// Starts its threads, unless it has. Some of what needs them, timeouts and `aout`, does not come by
  /// `enqueue`: call it before the first actor of the program is made. Throws `std::system_error` if a
  /// thread cannot be made, also when it is called again. Thread-safe.
  void wake();

  void enqueue(caf::resumable* job) override;

protected:
  void start() override {} // when the actor system is made
  void stop() override;

private:
  std::once_flag once_;
  bool awake_ = false;
  std::exception_ptr failure_; // of the start
};

/// The actor system of this process, which is a child, or a zygote: then the children that it forks find it
/// ready. It has no threads until its scheduler wakes.
caf::actor_system& child_actor_system();

} // namespace troupe::child
