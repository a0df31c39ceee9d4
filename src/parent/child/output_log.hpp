#pragma once

#include <spdlog/spdlog.h>

#include <memory>

namespace troupe::parent {

/// The loggers for the lines that children write: those that the program has registered as
/// "troupe.stdout" and "troupe.stderr", else ones that write to this process's own streams on a thread, and
/// drop the oldest lines when that is too slow. Thread-safe.
std::shared_ptr<spdlog::logger> stdout_log();
std::shared_ptr<spdlog::logger> stderr_log();

/// Warns if lines have been dropped since the last warning, which was a second ago, unless it is to be
/// `now`. Thread-safe.
void tell_dropped_output(bool now);

} // namespace troupe::parent
