#pragma once

#include "caf/caf_compat.hpp"

#include <caf/scheduler.hpp>

namespace troupe::compat {

/// What actors run on that do not run on CAF's scheduler.
class executor : public caf::scheduler {
public:
  explicit executor(caf::actor_system& system)
    : system_(system) {}

  caf::actor_system& system() const noexcept { return system_; }
  /// Runs it, on the thread of the executor. Thread-safe.
  virtual void exec_later(caf::resumable* job) = 0;

  void schedule(caf::resumable* job) final { exec_later(job); }
  void delay(caf::resumable* job) final { exec_later(job); }
  void start() final {} // by its owner

protected:
  /// For an actor that does run on CAF's scheduler.
  void hand_to_scheduler(caf::resumable* job) { system_.scheduler().schedule(job); }

private:
  caf::actor_system& system_;
};

} // namespace troupe::compat
