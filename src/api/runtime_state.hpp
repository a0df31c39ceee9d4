#pragma once

#include "actors/actor_hub.hpp"
#include "caf/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "monitor/monitor_server.hpp"
#include "os/kept_thread.hpp"
#include "parent/launch/launchers.hpp"
#include "parent/pool/pool_control.hpp"
#include "parent/pool/pool_registry.hpp"
#include "parent/process/process_registry.hpp"
#include "parent/serve/exports.hpp"

#include <troupe/runtime.hpp>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace troupe {

/// What a runtime owns, in the order of its construction.
struct runtime::state {
  /// `forked` is the zygote of start method `fork`, or null.
  state(std::vector<std::string> arguments, const runtime_options& options,
    std::unique_ptr<parent::zygote> forked);
  ~state();

  const task_registry tasks;
  compat::caf_config config;
  caf::actor_system system;
  const std::shared_ptr<loop::event_loop>
    shared_loop; // also by its actors, whose handles may be kept
  loop::event_loop& loop;
  actors::actor_hub hub;
  const std::optional<os::kept_thread> zygote_forker; // with start method fork
  parent::launchers children;
  parent::process_registry processes;
  parent::pool_registry pools;
  parent::exports exported;
  std::thread loop_thread;
  std::unique_ptr<monitor::monitor_server> watched; // null: nobody may watch

  parent::services services() { return {system, loop, hub, children, exported, pools}; }
};

struct detail::runtime_access {
  static parent::services services(runtime& rt) { return rt.state_->services(); }
};

} // namespace troupe
