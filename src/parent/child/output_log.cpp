#include "parent/child/output_log.hpp"

#include "base/limits.hpp"
#include "os/process_setup.hpp"
#include "parent/child/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

namespace troupe::parent {

namespace {

using clock = std::chrono::steady_clock;

// The loggers that are used unless the program has some. They are troupe's own, with a thread of their own:
// what children write must neither depend on nor disturb how the program logs.
class own_loggers {
public:
  own_loggers()
    : out_(make<spdlog::sinks::stdout_sink_mt>("troupe.stdout"))
    , err_(make<spdlog::sinks::stderr_sink_mt>("troupe.stderr")) {}

  const std::shared_ptr<spdlog::logger>& out() const { return out_; }
  const std::shared_ptr<spdlog::logger>& err() const { return err_; }

  void tell_dropped(bool now) {
    const std::lock_guard lock(mutex_);
    const auto dropped = thread_->overrun_counter();
    if (dropped == told_ || (!now && clock::now() < told_at_ + std::chrono::seconds(1)))
      return;
    log()->warn("{} lines that children wrote were dropped: they came faster than they could be "
                "written out",
      dropped - told_);
    told_ = dropped;
    told_at_ = clock::now();
  }

private:
  static std::shared_ptr<spdlog::details::thread_pool> make_thread() {
    const os::signals_blocked blocked;
    return std::make_shared<spdlog::details::thread_pool>(limits::max_output_queue, 1);
  }

  template <class Sink>
  std::shared_ptr<spdlog::logger> make(const char* name) {
    auto made = std::make_shared<spdlog::async_logger>(
      name, std::make_shared<Sink>(), thread_, spdlog::async_overflow_policy::overrun_oldest);
    made->set_pattern("%v");
    return made;
  }

  const std::shared_ptr<spdlog::details::thread_pool> thread_ = make_thread();
  const std::shared_ptr<spdlog::logger> out_;
  const std::shared_ptr<spdlog::logger> err_;
  std::mutex mutex_; // guards what follows
  std::size_t told_ = 0;
  clock::time_point told_at_{};
};

std::atomic<bool> own_exist = false;

own_loggers& own() {
  static own_loggers instance;
  own_exist.store(true, std::memory_order_relaxed);
  return instance;
}

} // namespace

std::shared_ptr<spdlog::logger> stdout_log() {
  auto registered = spdlog::get("troupe.stdout");
  return registered ? registered : own().out();
}

std::shared_ptr<spdlog::logger> stderr_log() {
  auto registered = spdlog::get("troupe.stderr");
  return registered ? registered : own().err();
}

void tell_dropped_output(bool now) {
  if (own_exist.load(std::memory_order_relaxed))
    own().tell_dropped(now);
}

} // namespace troupe::parent
