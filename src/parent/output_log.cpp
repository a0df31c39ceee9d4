#include "parent/output_log.hpp"

#include "link/process_setup.hpp"
#include "parent/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>
#include <string>

namespace troupe::parent {

namespace {

std::mutex mutex; // guards the making of loggers, and `told`
std::size_t told = 0;

template <class Sink>
std::shared_ptr<spdlog::logger> named(const std::string& name) {
  const std::lock_guard lock(mutex);
  if (auto existing = spdlog::get(name))
    return existing;
  const link::signals_blocked blocked; // for the thread that may be made
  auto made = spdlog::create_async_nb<Sink>(name);
  made->set_pattern("%v");
  return made;
}

} // namespace

std::shared_ptr<spdlog::logger> stdout_log() {
  return named<spdlog::sinks::stdout_sink_mt>("troupe.stdout");
}

std::shared_ptr<spdlog::logger> stderr_log() {
  return named<spdlog::sinks::stderr_sink_mt>("troupe.stderr");
}

void tell_dropped_output() {
  const std::lock_guard lock(mutex);
  const auto pool = spdlog::thread_pool();
  const auto dropped = pool ? pool->overrun_counter() : 0;
  if (dropped > told)
    log()->warn(
      "{} lines of log and of captured output were dropped, because they came faster than "
      "they could be written",
      dropped - told);
  told = dropped;
}

} // namespace troupe::parent
