#pragma once

#include <troupe/detail/compiler.hpp>

#include <cstddef>

#pragma GCC visibility push(default)

namespace troupe {

/// How a child's event loop is made. A `pool_options::loop_initializer` may change it before there is a
/// loop. Values out of range fail the start of the child with `std::invalid_argument`.
struct loop_options {
  /// Asio's BOOST_ASIO_CONCURRENCY_HINT_SAFE: any number of threads.
  static constexpr int safe_hint = static_cast<int>(0xA5100007u);

  /// The concurrency hint of the loop's `asio::io_context`: the number of threads that will run it, 1 to
  /// 1024; more than 1 only if tasks start threads that do. Hints that switch off Asio's locking are
  /// refused: other threads of the child hand work to the loop.
  int concurrency_hint = safe_hint;

  /// Threads on which `troupe::blocking` functions run; they are started when the first one is needed.
  /// 0: as many as the pool's `childconcurrency`. At most 16,384.
  std::size_t blocking_threads = 0;
};

} // namespace troupe

#pragma GCC visibility pop
