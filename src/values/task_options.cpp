#include <troupe/task_options.hpp>

#include "base/limits.hpp"

#include <troupe/detail/pool_access.hpp>

#include <stdexcept>
#include <string>

namespace troupe::detail {

namespace {

[[noreturn]] void refuse(const char* option, const std::string& problem) {
  throw std::invalid_argument(std::string("task option ") + option + " " + problem);
}

void check_time(const char* option, std::chrono::nanoseconds time) {
  if (time < std::chrono::nanoseconds::zero() || time > limits::max_timeout)
    refuse(option, "must be 0 to 1 day");
}

} // namespace

std::shared_ptr<const task_options> checked_options(task_options options) {
  check_time("timeout", options.timeout);
  check_time("expires", options.expires);
  const auto& retries = options.retries;
  if (retries.max_attempts < 1 || retries.max_attempts > limits::max_task_attempts)
    refuse("retries.max_attempts", "is " + std::to_string(retries.max_attempts) +
                                     ", but must be 1 to " +
                                     std::to_string(limits::max_task_attempts));
  check_time("retries.backoff", retries.backoff);
  check_time("retries.max_backoff", retries.max_backoff);
  if (!(retries.jitter >= 0 && retries.jitter <= 1)) // also refuses NaN
    refuse("retries.jitter", "is " + std::to_string(retries.jitter) + ", but must be 0 to 1");
  if (options.priority < -limits::max_priority || options.priority > limits::max_priority)
    refuse("priority", "is " + std::to_string(options.priority) + ", but must be -" +
                         std::to_string(limits::max_priority) + " to " +
                         std::to_string(limits::max_priority));
  return std::make_shared<const task_options>(std::move(options));
}

} // namespace troupe::detail
