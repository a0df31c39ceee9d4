#pragma once

#include <troupe/pool_handle.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>

// Functions that tests give to children.
namespace troupe::test {

inline int square(int x) {
  return x * x;
}

/// Asks a pool for it, and waits.
inline int square_through(const pool_handle& pool, int x) {
  return pool.apply(square, x).get();
}

/// Sleeps for a moment, and returns what it got.
inline boost::asio::awaitable<int> nap(int value) {
  boost::asio::steady_timer timer(
    co_await boost::asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return value;
}

/// An initializer, and what it leaves.
inline int value_of_initializer = 0;
inline void initialize(int value) {
  value_of_initializer = value;
}
inline void throwing_initializer() {
  throw std::invalid_argument("no database");
}

/// Does not return, and looks at nothing.
inline void spin_forever() {
  std::atomic<bool> forever = true;
  while (forever) {
  }
}

} // namespace troupe::test
