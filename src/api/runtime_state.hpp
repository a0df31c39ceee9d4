#pragma once

#include "core/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "parent/launcher.hpp"
#include "parent/pool_control.hpp"
#include "parent/process_registry.hpp"

#include <troupe/runtime.hpp>

#include <thread>

namespace troupe {

/// What a runtime owns, in the order of its construction.
struct runtime::state {
  state(std::vector<std::string> arguments, const runtime_options& options);
  ~state();

  core::caf_config config;
  caf::actor_system system;
  loop::event_loop loop;
  parent::launcher children;
  parent::process_registry processes;
  std::thread loop_thread;

  parent::services services() { return {system, loop, children}; }
};

} // namespace troupe
