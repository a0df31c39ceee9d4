#include "parent/child/log_thread.hpp"

#include "base/forked_copy.hpp"
#include "base/limits.hpp"
#include "os/process_setup.hpp"

#include <cerrno>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include <unistd.h>

namespace troupe::parent {

namespace {

// How long the end of the program may wait for its last lines to be written.
constexpr std::chrono::seconds flush_patience{1};

std::shared_ptr<spdlog::details::thread_pool> start_thread() {
  const os::signals_blocked blocked;
  return std::make_shared<spdlog::details::thread_pool>(limits::max_output_queue, 1);
}

// Keeps something for ever.
template <class T>
void leave_behind(T object) {
  static_cast<void>(new T(std::move(object)));
}

} // namespace

std::size_t dropped_by(const spdlog::details::thread_pool& thread) {
  // It counts under a lock of its own, but spdlog has not marked that as const.
  return const_cast<spdlog::details::thread_pool&>(thread).overrun_counter();
}

void unlocked_stderr_sink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t text;
  formatter_->format(message, text);
  for (std::size_t done = 0; done < text.size();) {
    const auto written = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (written > 0)
      done += static_cast<std::size_t>(written);
    else if (errno != EINTR)
      return; // closed, or not blocking and full: there is no better place to say it
  }
}

log_thread::log_thread()
  : thread_(start_thread()) {}

log_thread::~log_thread() {
  if (base::is_forked_copy()) { // where there is no such thread to wait for
    leave_behind(std::move(thread_));
    return;
  }
  const auto thread = std::make_shared<decltype(thread_)>(std::move(thread_));
  const auto written = std::make_shared<std::promise<void>>();
  auto finished = written->get_future();
  try {
    const os::signals_blocked blocked;
    std::thread([thread, written] {
      thread->reset(); // waits for the thread
      written->set_value();
    }).detach();
    finished.wait_for(flush_patience);
  } catch (const std::system_error&) { // no thread to wait on, so nobody waits
    leave_behind(thread);
  }
}

std::shared_ptr<spdlog::logger> log_thread::make(const char* name, spdlog::sink_ptr sink) const {
  return std::make_shared<spdlog::async_logger>(
    name, std::move(sink), thread_, spdlog::async_overflow_policy::overrun_oldest);
}

} // namespace troupe::parent
