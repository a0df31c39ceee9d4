#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstdint>

#pragma GCC visibility push(default)

namespace troupe::detail {

/// How an operation on a queue ended. The first byte of its outcome; after a pop that is `done` the encoded
/// item follows.
enum class queue_status : std::uint8_t {
  done,
  closed,    ///< the queue is closed; for a pop: and empty
  timed_out, ///< there was no room, or no item, in time
  withdrawn, ///< whoever waited has been cancelled
};

} // namespace troupe::detail

#pragma GCC visibility pop
