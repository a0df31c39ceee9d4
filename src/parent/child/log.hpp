#pragma once

#include <spdlog/spdlog.h>

#include <memory>

namespace troupe::parent {

/// Starts the thread of troupe's own log, if there is none. Throws `std::system_error`.
void start_log();
/// Ends it, when what was logged has been written, or after a while if nobody reads stderr.
void stop_log();

/// The logger named "troupe": the program's if it has registered one, else one that writes warnings to
/// stderr, on a thread of its own. That one never blocks: it drops the oldest messages if stderr takes
/// them too slowly, and says how many. One of the program is called on the event loop's thread, so it
/// should be an asynchronous one if its sinks may block. Thread-safe.
std::shared_ptr<spdlog::logger> log();

} // namespace troupe::parent
