#include "parent/child/log.hpp"

#include "parent/child/log_thread.hpp"

#include <mutex>
#include <string>

namespace troupe::parent {

namespace {

// Writes to stderr, and after what was dropped meanwhile how much that was. On the log's thread only.
class stderr_sink final : public unlocked_stderr_sink {
  void sink_it_(const spdlog::details::log_msg& message) override;

  std::size_t told_ = 0;
};

struct own_log {
  own_log()
    : logger(thread.make("troupe", std::make_shared<stderr_sink>())) {
    logger->set_level(spdlog::level::warn);
  }

  const log_thread thread;
  const std::shared_ptr<spdlog::logger> logger;
};

const own_log& troupe_log() {
  static const own_log instance;
  return instance;
}

void stderr_sink::sink_it_(const spdlog::details::log_msg& message) {
  unlocked_stderr_sink::sink_it_(message); // may block
  const auto dropped = troupe_log().thread.dropped();
  if (dropped == told_)
    return;
  const auto text = std::to_string(dropped - told_) +
                    " messages of troupe were dropped: they came faster than they could be written";
  told_ = dropped;
  unlocked_stderr_sink::sink_it_({message.logger_name, spdlog::level::warn, text});
}

} // namespace

void start_log() {
  static_cast<void>(troupe_log());
}

std::shared_ptr<spdlog::logger> log() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (auto existing = spdlog::get("troupe"))
    return existing;
  spdlog::register_logger(troupe_log().logger);
  return troupe_log().logger;
}

} // namespace troupe::parent
