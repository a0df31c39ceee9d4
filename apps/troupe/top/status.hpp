#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// What a process says of itself over its control socket (troupe/control.hpp). Times are in microseconds.
namespace troupe_cli {

using microseconds = std::chrono::microseconds;

/// A place in the code of a process.
struct code_place {
  std::uint32_t module = 0;
  std::uint64_t offset = 0;
};

/// A task's name, or its function.
struct task_label {
  std::string name; ///< empty: it has none
  code_place function{};
  bool others = false; ///< many names that are counted together
};

struct child_status {
  std::size_t slot = 0;
  pid_t pid = 0;
  std::string state;
  std::uint64_t memory = 0;
  std::uint64_t tasks = 0;
  std::uint64_t restarts = 0;
  microseconds cpu{0};
  microseconds uptime{0};
  std::size_t running = 0; ///< tasks that are in it
};

struct running_status {
  std::uint64_t id = 0;
  task_label label;
  std::size_t slot = 0;
  std::uint32_t attempt = 1;
  microseconds age{0};
};

struct task_status {
  task_label label;
  std::uint64_t submitted = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
  microseconds time{0};

  std::uint64_t ended() const noexcept { return succeeded + failed + cancelled; }
  std::uint64_t left() const noexcept { return submitted - ended(); }
};

struct failure_status {
  std::uint64_t id = 0;
  task_label label;
  std::size_t slot = 0;
  pid_t pid = 0;
  std::uint32_t attempt = 0;
  microseconds age{0};
  std::string type;
  std::string message;
  std::vector<code_place> stack;
};

struct pool_status {
  std::string id;
  std::string name;
  bool closing = false;
  std::uint64_t max_queue = 0;
  std::uint64_t submitted = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t lost = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t expired = 0;
  std::uint64_t retried = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t queued = 0;
  std::uint64_t running = 0;
  std::uint64_t deaths = 0;
  std::uint64_t spares = 0;
  std::vector<child_status> children;
  std::vector<running_status> running_tasks;
  std::vector<task_status> tasks;
  std::vector<failure_status> failures;

  std::uint64_t all_failed() const noexcept { return failed + lost + timed_out + expired; }
  std::uint64_t ended() const noexcept { return succeeded + all_failed() + cancelled; }
};

using module_files = std::map<std::uint32_t, std::string>;

struct process_status {
  pid_t pid = 0;
  std::string program;
  std::string version;
  std::vector<std::string> command;
  std::vector<pool_status> pools;
  module_files modules;
  std::chrono::steady_clock::time_point when{}; ///< of the look
};

struct stack_status {
  struct thread {
    pid_t id = 0;
    std::string name;
    std::vector<code_place> frames;
  };
  std::vector<thread> threads;
  module_files modules;
};

// These throw `std::runtime_error`: with what the process says if it says "error", or with what is wrong in the answer.
// Nothing that it says is trusted: texts are as they came, numbers that are missing are 0.

process_status parse_status(std::string_view line);
stack_status parse_stacks(std::string_view line);
/// The answer to "do".
void check_done(std::string_view line);

} // namespace troupe_cli
