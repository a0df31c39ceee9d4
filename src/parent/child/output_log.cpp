#include "parent/child/output_log.hpp"

#include "parent/child/log.hpp"
#include "parent/child/log_thread.hpp"

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
    , err_(make<unlocked_stderr_sink>("troupe.stderr")) {}

  const std::shared_ptr<spdlog::logger>& out() const { return out_; }
  const std::shared_ptr<spdlog::logger>& err() const { return err_; }

  void tell_dropped(bool now) {
    const std::lock_guard lock(mutex_);
    const auto dropped = thread_.dropped();
    if (dropped == told_ || (!now && clock::now() < told_at_ + std::chrono::seconds(1)))
      return;
    log()->warn("{} lines that children wrote were dropped: they came faster than they could be "
                "written out",
      dropped - told_);
    told_ = dropped;
    told_at_ = clock::now();
  }

private:
  template <class Sink>
  std::shared_ptr<spdlog::logger> make(const char* name) {
    auto made = thread_.make(name, std::make_shared<Sink>());
    made->set_pattern("%v");
    return made;
  }

  const log_thread thread_;
  const std::shared_ptr<spdlog::logger> out_;
  const std::shared_ptr<spdlog::logger> err_;
  std::mutex mutex_; // guards what follows
  std::size_t told_ = 0;
  clock::time_point told_at_{};
};

std::atomic<bool> own_exist = false;

own_loggers& loggers() {
  static own_loggers instance;
  own_exist.store(true, std::memory_order_relaxed);
  return instance;
}

} // namespace

std::shared_ptr<spdlog::logger> stdout_log() {
  auto registered = spdlog::get("troupe.stdout");
  return registered ? registered : loggers().out();
}

std::shared_ptr<spdlog::logger> stderr_log() {
  auto registered = spdlog::get("troupe.stderr");
  return registered ? registered : loggers().err();
}

void tell_dropped_output(bool now) {
  if (own_exist.load(std::memory_order_relaxed))
    loggers().tell_dropped(now);
}

} // namespace troupe::parent
