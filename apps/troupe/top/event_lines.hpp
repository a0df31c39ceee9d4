#pragma once

#include "top/status.hpp"

#include <troupe/pool_events.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe_cli {

/// A line of the stream of events (troupe/control.hpp).
struct stream_event {
  enum class kind { task, child_started, child_ended, missed, module, end, other };

  kind what = kind::other; ///< other: something that this version does not know
  std::string pool{};      ///< its name
  std::int64_t at = 0;     ///< of a child's event
  // As `what` says:
  troupe::task_ended task{};
  task_label label{}; ///< of the task
  troupe::child_started started{};
  troupe::child_ended ended{};
  std::uint64_t missed = 0; ///< events
  std::uint32_t module = 0;
  std::string file{}; ///< of the module
};

/// What a process says of itself in the first line of the stream.
struct stream_head {
  pid_t pid = 0;
  std::string program;
};

// These throw `std::runtime_error`, as parse_status does (status.hpp), and trust nothing.

stream_head parse_stream_head(std::string_view line);
stream_event parse_stream_event(std::string_view line);

} // namespace troupe_cli
