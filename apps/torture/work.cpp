#include "work.hpp"

#include <boost/asio.hpp>

#include <chrono>

#include <unistd.h>

namespace torture {

std::uint64_t work(std::uint64_t task) {
  account::here().begin(task);
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
  while (std::chrono::steady_clock::now() < end) {
  }
  account::here().end(task);
  return answer(task);
}

boost::asio::awaitable<std::uint64_t> nap(std::uint64_t task) {
  account::here().begin(task);
  boost::asio::steady_timer timer(
    co_await boost::asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await timer.async_wait(boost::asio::use_awaitable);
  account::here().end(task);
  co_return answer(task);
}

std::uint64_t glance(std::uint64_t task) {
  account::here().begin(task);
  account::here().end(task);
  return answer(task);
}

std::uint64_t run_for_ever(std::uint64_t task) {
  account::here().begin(task);
  for (;;)
    ::pause();
}

} // namespace torture
