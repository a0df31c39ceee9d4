#include "parent/child/log_thread.hpp"

#include "base/forked_copy.hpp"
#include "base/limits.hpp"
#include "os/process_setup.hpp"
#include "os/start_thread.hpp"

#include <spdlog/details/log_msg_buffer.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace troupe::parent {

namespace {

// How long the end of the program may wait for its last lines to be written.
constexpr std::chrono::seconds flush_patience{1};

// Keeps something for ever.
template <class T>
void leave_behind(T object) {
  static_cast<void>(new T(std::move(object)));
}

} // namespace

class waiting_lines {
public:
  void add(const spdlog::sink_ptr& sink, const spdlog::details::log_msg& message) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_)
        return;
      lines_.push_back({sink, spdlog::details::log_msg_buffer(message)});
      if (lines_.size() > limits::max_output_queue) {
        lines_.pop_front();
        ++dropped_;
      }
    }
    changed_.notify_all();
  }

  // On the thread, until the end, and until everything is written then.
  void write_all() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !lines_.empty(); });
      if (lines_.empty())
        break;
      const auto next = std::move(lines_.front());
      lines_.pop_front();
      lock.unlock();
      write(next);
      lock.lock();
    }
    written_ = true;
    changed_.notify_all();
  }

  // Whether everything was written in time.
  bool end(std::chrono::seconds patience) {
    std::unique_lock lock(mutex_);
    ending_ = true;
    changed_.notify_all();
    return changed_.wait_for(lock, patience, [this] { return written_; });
  }

  std::size_t dropped() {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

private:
  struct line {
    spdlog::sink_ptr sink;
    spdlog::details::log_msg_buffer message;
  };

  static void write(const line& next) noexcept {
    try {
      next.sink->log(next.message);
    } catch (...) {
      // A line that cannot be written has no other place.
    }
  }

  std::mutex mutex_; // guards everything
  std::condition_variable changed_;
  std::deque<line> lines_;
  std::size_t dropped_ = 0;
  bool ending_ = false;
  bool written_ = false;
};

namespace {

// Of a logger: passes its lines on to the thread.
class waiting_sink final : public spdlog::sinks::sink {
public:
  waiting_sink(std::shared_ptr<waiting_lines> lines, spdlog::sink_ptr target)
    : lines_(std::move(lines))
    , target_(std::move(target)) {}

  void log(const spdlog::details::log_msg& message) override { lines_->add(target_, message); }
  void flush() override {}
  void set_pattern(const std::string& pattern) override { target_->set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    target_->set_formatter(std::move(formatter));
  }

private:
  const std::shared_ptr<waiting_lines> lines_;
  const spdlog::sink_ptr target_;
};

} // namespace

std::size_t dropped_of(waiting_lines& lines) {
  return lines.dropped();
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
  : lines_(std::make_shared<waiting_lines>()) {
  const os::signals_blocked blocked;
  thread_ = os::start_thread("the log", [lines = lines_] {
    ::pthread_setname_np(::pthread_self(), "troupe-log");
    lines->write_all();
  });
}

log_thread::~log_thread() {
  if (base::is_forked_copy()) { // where there is no such thread, and its lock may be held for ever
    leave_behind(std::move(lines_));
    leave_behind(std::move(thread_));
  } else if (lines_->end(flush_patience)) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

std::shared_ptr<spdlog::logger> log_thread::make(const char* name, spdlog::sink_ptr sink) const {
  return std::make_shared<spdlog::logger>(
    name, std::make_shared<waiting_sink>(lines_, std::move(sink)));
}

} // namespace troupe::parent
