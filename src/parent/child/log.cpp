#include "parent/child/log.hpp"

#include "parent/child/log_thread.hpp"

#include <mutex>
#include <string>

namespace troupe::parent {

namespace {

// Writes to stderr, and after what was dropped meanwhile how much that was. On the log's thread only.
class stderr_sink final : public unlocked_stderr_sink {
public:
  explicit stderr_sink(waiting_lines& lines)
    : lines_(lines) {}

private:
  void sink_it_(const spdlog::details::log_msg& message) override;

  waiting_lines& lines_; // on whose thread this is
  std::size_t told_ = 0;
};

void stderr_sink::sink_it_(const spdlog::details::log_msg& message) {
  unlocked_stderr_sink::sink_it_(message); // may block
  const auto dropped = dropped_of(lines_);
  if (dropped == told_)
    return;
  const auto text = std::to_string(dropped - told_) +
                    " messages of troupe were dropped: they came faster than they could be written";
  told_ = dropped;
  unlocked_stderr_sink::sink_it_({message.logger_name, spdlog::level::warn, text});
}

struct own_log {
  own_log()
    : logger(thread.make("troupe", std::make_shared<stderr_sink>(thread.lines()))) {
    logger->set_level(spdlog::level::warn);
  }

  const log_thread thread;
  const std::shared_ptr<spdlog::logger> logger;
};

struct own_log_place {
  std::mutex mutex;
  std::unique_ptr<own_log> log; // guarded by mutex

  const own_log& started() { // with the lock held
    if (!log)
      log = std::make_unique<own_log>();
    return *log;
  }
};

own_log_place& troupe_log() {
  static own_log_place instance;
  return instance;
}

} // namespace

void start_log() {
  const std::lock_guard lock(troupe_log().mutex);
  troupe_log().started();
}

void stop_log() {
  const std::lock_guard lock(troupe_log().mutex);
  if (troupe_log().log && spdlog::get("troupe") == troupe_log().log->logger)
    spdlog::drop("troupe");
  troupe_log().log.reset();
}

std::shared_ptr<spdlog::logger> log() {
  const std::lock_guard lock(troupe_log().mutex);
  if (auto existing = spdlog::get("troupe"))
    return existing;
  auto logger = troupe_log().started().logger;
  spdlog::register_logger(logger);
  return logger;
}

} // namespace troupe::parent
