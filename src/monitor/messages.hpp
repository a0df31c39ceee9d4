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
  enum class kind { status, stack, recycle, resize, drain };
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

} // namespace troupe::monitor
