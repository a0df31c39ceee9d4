#pragma once

#include "top/status.hpp"

#include <chrono>
#include <string>

namespace troupe_cli {

/// What a process with one pool says, in which a task has failed with that message.
inline process_status example_status(const std::string& message) {
  using namespace std::chrono_literals;
  process_status process;
  process.pid = 42;
  process.program = "shop";
  process.version = "0.1.0";
  process.command = {"./shop", "--all"};
  process.when = std::chrono::steady_clock::time_point(100s);
  pool_status pool;
  pool.id = "1";
  pool.name = "pages";
  pool.max_queue = 1000;
  pool.submitted = 1500;
  pool.succeeded = 1200;
  pool.failed = 2;
  pool.lost = 1;
  pool.queued = 290;
  pool.running = 7;
  pool.children = {
    {0, 100, "ready", 10 << 20, 700, 0, 9s, 10s}, {1, 101, "ready", 30 << 20, 503, 2, 2s, 10s}};
  pool.running_tasks = {{7, {"fetch", {}, false}, 1, 2, 3s}, {8, {"fetch", {}, false}, 1, 1, 1s}};
  pool.tasks = {{{"fetch", {}, false}, 1500, 1200, 3, 0, 12s}};
  pool.failures = {
    {5, {"fetch", {}, false}, 1, 101, 3, 2s, "std::runtime_error", message, {{0, 11}}}};
  process.pools = {pool};
  return process;
}

} // namespace troupe_cli
