#pragma once

#include "each/run_input.hpp"

#include "trace/pool_trace.hpp"

#include <chrono>
#include <string>

namespace troupe_cli {

/// An attempt at an input that has ended, as the driver knows it.
struct traced_attempt {
  const input_job& job;
  const std::string& line; ///< the command
  std::chrono::steady_clock::time_point submitted;
  const input_end& end;
  const char* how; ///< the word of the outcome
  const std::string& problem;
  bool again;
};

/// Writes it as a slice of its child's process; where the child is not known, of the program's own.
void trace_attempt(pool_trace& to, const traced_attempt& what);

} // namespace troupe_cli
