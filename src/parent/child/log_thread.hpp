#pragma once

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstddef>
#include <memory>

namespace troupe::parent {

/// Writes to stderr without stdio, whose lock would keep the program from exiting while a write blocks.
class unlocked_stderr_sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}
};

/// The number of lines that a thread has dropped so far.
std::size_t dropped_by(const spdlog::details::thread_pool& thread);

/// A thread that writes what loggers are given, so that nobody else ever waits for whoever reads it: of
/// lines that come faster than they can be written the oldest are dropped. Thread-safe.
class log_thread {
public:
  /// Starts it, with all signals blocked. Throws `spdlog::spdlog_ex` or `std::system_error`.
  log_thread();
  log_thread(const log_thread&) = delete;
  log_thread& operator=(const log_thread&) = delete;
  /// Waits until everything is written, but not for long: the thread is left behind if its output is a
  /// pipe that nobody reads.
  ~log_thread();

  /// A logger that writes by `sink` on the thread. It is not registered.
  std::shared_ptr<spdlog::logger> make(const char* name, spdlog::sink_ptr sink) const;
  /// The number of lines that have been dropped so far.
  std::size_t dropped() const { return dropped_by(*thread_); }
  /// Sinks may use it on the thread itself, also while this is being destroyed.
  const spdlog::details::thread_pool& pool() const noexcept { return *thread_; }

private:
  std::shared_ptr<spdlog::details::thread_pool> thread_;
};

} // namespace troupe::parent
