#pragma once

#include <troupe/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// The lines of the monitor's socket (include/troupe/control.hpp).
namespace troupe::monitor {

/// What a watcher wants.
struct watcher_request {
  enum class kind { status, stack, trace, recycle, resize, drain };
  kind what = kind::status;
  std::uint64_t pool = 0;
  std::size_t number = 0; ///< a slot, or the number of processes
};

/// Throws `std::runtime_error`, whose message is for the watcher.
watcher_request parse_request(std::string_view line);

/// One pool in the answer to "status".
struct pool_view {
  std::uint64_t id = 0;
  pool_snapshot seen{};
};

struct process_view {
  pid_t pid = 0;
  std::string program;
  std::vector<std::string> command;
  std::vector<pool_view> pools;
};

// Answers, with the newline.

std::string status_line(const process_view& process);
std::string stack_line(const std::vector<thread_stack>& stacks);
std::string done_line();
std::string error_line(std::string_view problem);

// The lines of a stream. What they have beside, which comes with each task, is in trace_lines.hpp.

/// The first line; `steady` and `wall` are the same moment, in microseconds.
std::string trace_line(pid_t pid, std::string_view program, std::int64_t steady, std::int64_t wall);
std::string missed_line(std::uint64_t events);
/// The last line of a stream that comes to its end.
std::string end_line();
/// A text of a child in JSON, with quotes.
std::string quoted(std::string_view text);

} // namespace troupe::monitor
