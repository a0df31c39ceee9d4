#pragma once

#include "top/status.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe_cli {

/// What Prometheus collects of some processes, in its text format, version 0.0.4. `name_of` says how tasks are called.
std::string metrics_text(const std::vector<process_status>& processes,
  const std::function<std::string(const module_files&, const task_label&)>& name_of);

} // namespace troupe_cli
