#pragma once

#include <troupe/queue.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <stdexcept>

// Functions that these tests give to children.
namespace troupe::test {

inline int no_seven(int x) {
  if (x == 7)
    throw std::out_of_range("seven");
  return x;
}

inline void nothing_unless_seven(int x) {
  no_seven(x);
}

/// Waits for a value of a queue.
inline int take(const queue<int>& values) {
  return values.pop().value_or(0);
}

/// Does not end unless it is cancelled.
inline boost::asio::awaitable<int> sleep_for_ever() {
  boost::asio::steady_timer timer(
    co_await boost::asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return 0;
}

/// A value that cannot be made from nothing.
class celsius {
public:
  explicit celsius(int degrees)
    : degrees_(degrees) {}
  int degrees() const { return degrees_; }

private:
  int degrees_;
};

inline celsius measure(int degrees) {
  return celsius(no_seven(degrees));
}

} // namespace troupe::test
