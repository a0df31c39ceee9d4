#pragma once

#include <spdlog/spdlog.h>

#include <memory>

namespace troupe::parent {

/// The logger named "troupe": the program's if it has registered one, else one that writes warnings to
/// stderr. Thread-safe.
std::shared_ptr<spdlog::logger> log();

} // namespace troupe::parent
