#include "parent/child/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <mutex>

namespace troupe::parent {

std::shared_ptr<spdlog::logger> log() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (auto existing = spdlog::get("troupe"))
    return existing;
  auto made = spdlog::stderr_color_mt("troupe");
  made->set_level(spdlog::level::warn);
  return made;
}

} // namespace troupe::parent
