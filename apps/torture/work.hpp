#pragma once

#include "account.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>

// What children are given to do. Each notes in the account that it has begun and ended, and gives `answer`.
namespace torture {

/// What is sent must come back changed, so that a mixed-up result is seen.
inline std::uint64_t answer(std::uint64_t task) {
  return ~task;
}

/// About 0.2 ms of the CPU's time.
std::uint64_t work(std::uint64_t task);

/// A coroutine that waits for a millisecond.
boost::asio::awaitable<std::uint64_t> nap(std::uint64_t task);

/// Nothing but the account.
std::uint64_t glance(std::uint64_t task);

/// Begins, and does not end.
std::uint64_t run_for_ever(std::uint64_t task);

} // namespace torture
