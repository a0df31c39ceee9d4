#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstddef>
#include <memory>
#include <thread>

namespace troupe::parent {

/// Writes to stderr without stdio, whose lock would keep the program from exiting while a write blocks.
class unlocked_stderr_sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}
};

/// The lines that wait to be written by a `log_thread`. Thread-safe.
class waiting_lines;

/// The number of lines that have been dropped so far.
std::size_t dropped_of(waiting_lines& lines);

/// A thread that writes what loggers are given, so that nobody else ever waits for whoever reads it: of
/// lines that come faster than they can be written the oldest are dropped. Thread-safe. Unlike spdlog's own pool of
/// threads, which wakes up every ten seconds, it sleeps as long as there is nothing to write.
class log_thread {
public:
  /// Starts it, with all signals blocked. Throws `std::system_error`.
  log_thread();
  log_thread(const log_thread&) = delete;
  log_thread& operator=(const log_thread&) = delete;
  /// Waits until everything is written, but not for long: the thread is left behind if its output is a
  /// pipe that nobody reads. What is logged later is not written.
  ~log_thread();

  /// A logger that writes by `sink` on the thread. It is not registered.
  std::shared_ptr<spdlog::logger> make(const char* name, spdlog::sink_ptr sink) const;
  /// The number of lines that have been dropped so far.
  std::size_t dropped() const { return dropped_of(*lines_); }
  /// Sinks may use it on the thread itself, also while this is being destroyed.
  waiting_lines& lines() const noexcept { return *lines_; }

private:
  std::shared_ptr<waiting_lines> lines_;
  std::thread thread_;
};

} // namespace troupe::parent
