#pragma once

#include <troupe/codec.hpp>
#include <troupe/task_options.hpp>

#include <stdexcept>

namespace troupe::values {

/// How the options of a task that is submitted in a child come to the parent. Throws
/// `std::invalid_argument` for `retry_on`: the parent calls no function that a child names.
inline void encode_options(encoder& out, const task_options& options) {
  const auto& retries = options.retries;
  if (retries.retry_on != nullptr)
    throw std::invalid_argument(
      "task option retries.retry_on cannot be given inside a child, where "
      "the parent does not call back: leave it out");
  out(options.name);
  out(options.timeout);
  out(options.expires);
  out(retries.max_attempts);
  out(retries.backoff);
  out(retries.max_backoff);
  out(retries.jitter);
  out(options.idempotent);
  out(options.priority);
  out(options.key);
}

/// Throws `decode_error`.
inline task_options decode_options(decoder& in) {
  task_options options;
  in(options.name);
  in(options.timeout);
  in(options.expires);
  in(options.retries.max_attempts);
  in(options.retries.backoff);
  in(options.retries.max_backoff);
  in(options.retries.jitter);
  in(options.idempotent);
  in(options.priority);
  in(options.key);
  in.finish();
  return options;
}

} // namespace troupe::values
